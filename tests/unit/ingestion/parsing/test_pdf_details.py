"""Tests of what a PDF says of itself and carries."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from pypdf import PdfWriter
from pypdf.constants import PageLabelStyle
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from ingestion.parsing.pdf import parse_pdf
from ingestion.parsing.pdf_details import date_property, may_carry
from storage.records.parsed_document import FindingKind
from tests.factories.documents import pdf_bytes, request_for
from tests.factories.pdfs import changed

PLAIN = pdf_bytes([[(11, "The pump runs at two bar.")]], title="Pumps")


def script(writer: PdfWriter) -> None:
    action = DictionaryObject(
        {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("app.alert(1)")}
    )
    writer.root_object[NameObject("/OpenAction")] = action


def launch(writer: PdfWriter) -> None:
    action = DictionaryObject({NameObject("/S"): NameObject("/Launch"), NameObject("/F"): TextStringObject("calc.exe")})
    writer.root_object[NameObject("/OpenAction")] = action


class TestDateProperty:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("D:20240131120000+01'30'", datetime(2024, 1, 31, 12, tzinfo=timezone(timedelta(hours=1, minutes=30)))),
            ("D:20240131120000Z", datetime(2024, 1, 31, 12, tzinfo=UTC)),
            ("20240131", datetime(2024, 1, 31, tzinfo=UTC)),
            ("D:2024", datetime(2024, 1, 1, tzinfo=UTC)),
            ("D:20241399", None),
            ("D:20240131120000+99'99'", None),
            ("yesterday", None),
            ("", None),
        ],
    )
    def test_reads(self, value: str, expected: datetime | None) -> None:
        assert date_property({"ModDate": value}, "ModDate") == expected


class TestDetails:
    def test_dates_title_and_author(self, tmp_path: Path) -> None:
        data = changed(
            PLAIN,
            lambda writer: writer.add_metadata(
                {"/Author": "Ada", "/CreationDate": "D:20240131120000Z", "/ModDate": "D:20250201080000Z"}
            ),
        )

        document = parse_pdf(request_for(tmp_path / "a.pdf", data))

        assert (document.title, document.author) == ("Pumps", "Ada")
        assert document.created_at == datetime(2024, 1, 31, 12, tzinfo=UTC)
        assert document.modified_at == datetime(2025, 2, 1, 8, tzinfo=UTC)

    def test_page_labels(self, tmp_path: Path) -> None:
        def label(writer: PdfWriter) -> None:
            writer.set_page_label(0, 0, style=PageLabelStyle.LOWERCASE_ROMAN)
            writer.set_page_label(1, 1, style=PageLabelStyle.DECIMAL)

        data = changed(pdf_bytes([[(11, "Preface.")], [(11, "Chapter.")]]), label)

        assert parse_pdf(request_for(tmp_path / "a.pdf", data)).metadata["page_labels"] == "i, 1"

    def test_an_attachment_is_named_and_not_read(self, tmp_path: Path) -> None:
        data = changed(PLAIN, lambda writer: writer.add_attachment("prices.xlsx", b"secret prices"))

        document = parse_pdf(request_for(tmp_path / "a.pdf", data))

        (finding,) = document.findings
        assert finding.kind is FindingKind.ATTACHMENT
        assert finding.detail.startswith("prices.xlsx (")
        assert "secret" not in document.model_dump_json()

    @pytest.mark.parametrize("add", [script, launch])
    def test_scripts_and_launch_actions_are_reported(self, tmp_path: Path, add: object) -> None:
        document = parse_pdf(request_for(tmp_path / "a.pdf", changed(PLAIN, add)))  # type: ignore[arg-type]

        assert [finding.kind for finding in document.findings] == [FindingKind.ACTIVE_CONTENT]
        assert document.text == "The pump runs at two bar."

    def test_a_script_packed_in_an_object_stream_is_found(self, tmp_path: Path) -> None:
        import zlib

        packed = zlib.compress(b"1 0 << /S /JavaScript /JS (app.alert) >>")
        path = tmp_path / "a.pdf"
        path.write_bytes(
            b"%PDF-1.5\n5 0 obj << /Type /ObjStm /Filter /FlateDecode >> stream\n" + packed + b"\nendstream"
        )

        assert may_carry(path)

    def test_a_name_written_in_codes_is_found(self, tmp_path: Path) -> None:
        path = tmp_path / "a.pdf"
        path.write_bytes(PLAIN + b"\n9 0 obj << /S /J#61vaScript >> endobj")

        assert may_carry(path)

    def test_a_plain_file_is_not_looked_into(self, tmp_path: Path) -> None:
        path = tmp_path / "a.pdf"
        path.write_bytes(PLAIN)

        assert not may_carry(path)
