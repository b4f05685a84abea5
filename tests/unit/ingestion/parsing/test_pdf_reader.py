"""Tests of opening PDFs: passwords, and what the second reader saves."""

from pathlib import Path

import pytest
from pydantic import SecretStr
from pypdf import PdfWriter
from pypdf.generic import NameObject

from ingestion.errors import ParseError
from ingestion.parsing.pdf import parse_pdf
from ingestion.parsing.request import ParseRequest
from storage.records.failure_type import FailureType
from tests.factories.documents import encrypted_pdf_bytes, pdf_bytes, request_for
from tests.factories.pdfs import changed, misdirected_page


def with_password(path: Path, password: str | None) -> ParseRequest:
    request = request_for(path, encrypted_pdf_bytes(user_password="open sesame"))
    return request.model_copy(update={"password": SecretStr(password) if password else None})


class TestPassword:
    def test_the_right_one_opens(self, tmp_path: Path) -> None:
        assert parse_pdf(with_password(tmp_path / "a.pdf", "open sesame")).text == "The secret handshake."

    @pytest.mark.parametrize(
        ("password", "message"),
        [
            (None, "Put the password into PIXEL_INGEST_PASSWORDS"),
            ("wrong one", "none of PIXEL_INGEST_PASSWORDS opens it"),
        ],
    )
    def test_none_and_a_wrong_one_say_what_to_do(self, tmp_path: Path, password: str | None, message: str) -> None:
        with pytest.raises(ParseError, match=message) as caught:
            parse_pdf(with_password(tmp_path / "a.pdf", password))

        assert caught.value.failure_type is FailureType.ENCRYPTED
        assert "wrong one" not in caught.value.reason

    def test_is_masked_wherever_a_request_is_shown(self, tmp_path: Path) -> None:
        request = with_password(tmp_path / "a.pdf", "open sesame")

        assert "sesame" not in f"{request!r} {request} {request.model_dump()} {request.model_dump_json()}"


class TestSecondReader:
    def test_reads_a_page_that_pdfium_cannot_open(self, tmp_path: Path) -> None:
        document = parse_pdf(request_for(tmp_path / "a.pdf", misdirected_page("Potato")))

        assert document.text == "Potato"
        assert document.metadata["pages_by_pypdf"] == 1

    @pytest.mark.parametrize("kind", ["/Template", "/Pag"])
    def test_a_page_that_both_skip_does_not_shift_the_others(self, tmp_path: Path, kind: str) -> None:
        def spoil(writer: PdfWriter) -> None:
            writer.pages[1][NameObject("/Type")] = NameObject(kind)

        data = changed(pdf_bytes([[(11, f"Text of page {n}.")] for n in (1, 2, 3)]), spoil)
        document = parse_pdf(request_for(tmp_path / "a.pdf", data))

        assert document.page_count == 3
        assert "neither of two readers" in next(iter(document.missing_pages.values()))
        assert document.text.count("Text of page 3.") == 1

    def test_a_page_that_neither_can_open_is_named(self, tmp_path: Path) -> None:
        def spoil(writer: PdfWriter) -> None:
            writer.pages[2][NameObject("/Type")] = NameObject("/Pag")

        data = changed(pdf_bytes([[(11, f"Text of page {n}.")] for n in (1, 2, 3)]), spoil)
        document = parse_pdf(request_for(tmp_path / "a.pdf", data))

        assert "neither of two readers" in document.missing_pages["3"]
        assert document.page_count == 3

    def test_no_page_is_silently_lost(self, tmp_path: Path) -> None:
        data = pdf_bytes([[(11, "Text of the first page.")], [], [(11, "Text of the last.")]])

        document = parse_pdf(request_for(tmp_path / "a.pdf", data))

        assert [page.number for page in document.pages] == [1, 2, 3]
        assert document.page_count == 3
