"""Tests of Word documents, honest and hostile."""

import io
import zipfile
from pathlib import Path

import docx
import pytest

from ingestion.errors import ParseError
from ingestion.parsing.docx import parse_docx
from ingestion.parsing.request import ParseLimits
from storage.records.failure_type import FailureType
from storage.records.parsed_document import BlockKind
from tests.factories.documents import docx_bytes, request_for, rezipped

BODY = "word/document.xml"


class TestParseDocx:
    def test_reading_order(self, tmp_path: Path) -> None:
        document = parse_docx(request_for(tmp_path / "a.docx", docx_bytes()))

        texts = [(b.kind, document.text[b.char_start : b.char_end]) for b in document.blocks]
        assert texts == [
            (BlockKind.HEADING, "Travel"),
            (BlockKind.PARAGRAPH, "Trips need approval. Ask your manager first."),
            (BlockKind.HEADING, "Limits"),
            (BlockKind.LIST, "- Hotels\n- Meals"),
            (BlockKind.TABLE, "| City | Limit |\n| --- | --- |\n| Bonn | 120 EUR |"),
            (BlockKind.PARAGRAPH, "After the table."),
            (BlockKind.PARAGRAPH, "Internal use"),
        ]
        assert document.blocks[4].heading_path == ("Travel", "Limits")

    def test_properties(self, tmp_path: Path) -> None:
        document = parse_docx(request_for(tmp_path / "a.docx", docx_bytes()))

        assert (document.title, document.author) == ("Travel policy", "Finance")

    def test_content_controls_and_insertions_are_read_deletions_are_not(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(io.BytesIO(docx_bytes())) as archive:
            body = archive.read(BODY)
        run = b"<w:r><w:t>%s</w:t></w:r>"
        added = (
            b"<w:sdt><w:sdtContent><w:p><w:ins w:id='1' w:author='x'>" + run % b"inserted words" + b"</w:ins>"
            b"<w:del w:id='2' w:author='x'><w:r><w:delText>removed words</w:delText></w:r></w:del></w:p></w:sdtContent></w:sdt>"
        )
        data = rezipped(docx_bytes(), replace={BODY: body.replace(b"<w:body>", b"<w:body>" + added)})

        text = parse_docx(request_for(tmp_path / "a.docx", data)).text

        assert "inserted words" in text
        assert "removed words" not in text

    def test_strict_form_says_how_to_convert(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(io.BytesIO(docx_bytes())) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        strict = {
            name: content.replace(b"http://schemas.openxmlformats.org/", b"http://purl.oclc.org/ooxml/")
            for name, content in parts.items()
            if name.endswith((".xml", ".rels"))
        }

        with pytest.raises(ParseError, match="Strict Open XML") as caught:
            parse_docx(request_for(tmp_path / "a.docx", rezipped(docx_bytes(), replace=strict)))

        assert caught.value.failure_type is FailureType.UNSUPPORTED

    def test_tables_whose_columns_do_not_add_up(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(io.BytesIO(docx_bytes())) as archive:
            body = archive.read(BODY)
        crooked = b"<w:tr><w:trPr><w:gridBefore w:val='9'/></w:trPr><w:tc><w:p><w:r><w:t>crooked</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
        data = rezipped(docx_bytes(), replace={BODY: body.replace(b"</w:tbl>", crooked)})

        assert "| crooked |" in parse_docx(request_for(tmp_path / "a.docx", data)).text

    def test_without_text_is_empty(self, tmp_path: Path) -> None:
        buffer = io.BytesIO()
        docx.Document().save(buffer)

        with pytest.raises(ParseError) as caught:
            parse_docx(request_for(tmp_path / "a.docx", buffer.getvalue()))

        assert caught.value.failure_type is FailureType.EMPTY

    @pytest.mark.parametrize("keep", [0.3, 0.9])
    def test_truncated_is_damaged(self, tmp_path: Path, keep: float) -> None:
        data = docx_bytes()

        with pytest.raises(ParseError) as caught:
            parse_docx(request_for(tmp_path / "a.docx", data[: int(len(data) * keep)]))

        assert caught.value.failure_type is FailureType.DAMAGED

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
    def test_a_dtd_is_refused(self, tmp_path: Path, encoding: str) -> None:
        xml = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x [<!ENTITY a "ha">]><x>&a;</x>'.encode(encoding)

        with pytest.raises(ParseError, match="DTD") as caught:
            parse_docx(request_for(tmp_path / "a.docx", rezipped(docx_bytes(), add={"word/extra.xml": xml})))

        assert caught.value.failure_type is FailureType.DAMAGED

    def test_a_bomb_is_refused_before_it_unpacks(self, tmp_path: Path) -> None:
        data = rezipped(docx_bytes(), add={"word/media/bomb.bin": b"\0" * 30_000_000})

        with pytest.raises(ParseError, match="grows more than") as caught:
            parse_docx(request_for(tmp_path / "a.docx", data))

        assert caught.value.failure_type is FailureType.TOO_LARGE

    def test_too_much_in_total(self, tmp_path: Path) -> None:
        limits = ParseLimits(max_unpacked_bytes=10_000)

        with pytest.raises(ParseError, match="unpacks to more") as caught:
            parse_docx(request_for(tmp_path / "a.docx", docx_bytes(), limits=limits))

        assert caught.value.failure_type is FailureType.TOO_LARGE

    def test_too_many_parts(self, tmp_path: Path) -> None:
        with pytest.raises(ParseError, match="parts"):
            parse_docx(request_for(tmp_path / "a.docx", docx_bytes(), limits=ParseLimits(max_archive_entries=3)))

    @pytest.mark.parametrize("name", ["../evil.xml", "/etc/evil.xml"])
    def test_paths_that_lead_out(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(ParseError, match="outside"):
            parse_docx(request_for(tmp_path / "a.docx", rezipped(docx_bytes(), add={name: b"x"})))

    def test_too_long(self, tmp_path: Path) -> None:
        with pytest.raises(ParseError, match="characters") as caught:
            parse_docx(request_for(tmp_path / "a.docx", docx_bytes(), limits=ParseLimits(max_text_characters=20)))

        assert caught.value.failure_type is FailureType.TOO_LARGE
