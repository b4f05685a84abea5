"""Tests of PDF."""

from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from ingestion.errors import ParseError
from ingestion.parsing import ocr
from ingestion.parsing.pdf import parse_pdf
from ingestion.parsing.request import ParseLimits
from storage.records.failure_type import FailureType
from storage.records.parsed_document import BlockKind
from tests.factories.documents import encrypted_pdf_bytes, pdf_bytes, picture_pdf_bytes, request_for

TWO_PAGES: list[list[tuple[float, str]]] = [
    [(20, "Warranty"), (11, "The warranty lasts two years."), (11, "It starts with the delivery.")],
    [(11, "Batteries are not covered."), (11, "Nor is wear.")],
]


def picture() -> Image.Image:
    image = Image.new("L", (1000, 400), 255)
    ImageDraw.Draw(image).text((40, 150), "Invoice number 4711", fill=0, font_size=80)
    return image


class TestParsePdf:
    def test_lines_become_headings_and_paragraphs(self, tmp_path: Path) -> None:
        document = parse_pdf(request_for(tmp_path / "a.pdf", pdf_bytes(TWO_PAGES, title="Terms")))

        texts = [(b.kind, document.text[b.char_start : b.char_end], b.heading_path) for b in document.blocks]
        assert texts == [
            (BlockKind.HEADING, "Warranty", ()),
            (BlockKind.PARAGRAPH, "The warranty lasts two years. It starts with the delivery.", ("Warranty",)),
            (BlockKind.PARAGRAPH, "Batteries are not covered. Nor is wear.", ("Warranty",)),
        ]
        assert (document.title, document.page_count) == ("Terms", 2)

    def test_every_line_has_its_box_on_its_page(self, tmp_path: Path) -> None:
        document = parse_pdf(request_for(tmp_path / "a.pdf", pdf_bytes(TWO_PAGES)))

        lines = [line for block in document.blocks for line in block.lines]
        assert [document.text[line.char_start : line.char_end] for line in lines] == [
            t for p in TWO_PAGES for _, t in p
        ]
        assert [line.page for line in lines] == [1, 1, 1, 2, 2]
        first = lines[0]
        assert abs(first.left - 72) < 3
        assert abs(first.top - (72 - 15)) < 4
        assert first.left < first.right
        assert first.top < first.bottom

    def test_pages_cover_their_text(self, tmp_path: Path) -> None:
        document = parse_pdf(request_for(tmp_path / "a.pdf", pdf_bytes(TWO_PAGES)))

        second = document.pages[1]
        assert document.text[second.char_start : second.char_end] == "Batteries are not covered. Nor is wear."

    def test_a_hyphenated_word_is_joined_when_the_document_knows_it(self, tmp_path: Path) -> None:
        lines = [(11.0, "An example of a non-"), (11.0, "reversible thing, and one more exam-"), (11.0, "ple here.")]

        text = parse_pdf(request_for(tmp_path / "a.pdf", pdf_bytes([lines]))).text

        assert text == "An example of a non-reversible thing, and one more example here."

    def test_needs_a_password(self, tmp_path: Path) -> None:
        with pytest.raises(ParseError, match="password") as caught:
            parse_pdf(request_for(tmp_path / "a.pdf", encrypted_pdf_bytes(user_password="secret")))

        assert caught.value.failure_type is FailureType.ENCRYPTED

    def test_an_empty_password_opens_it(self, tmp_path: Path) -> None:
        document = parse_pdf(request_for(tmp_path / "a.pdf", encrypted_pdf_bytes(user_password="")))

        assert "secret handshake" in document.text

    @pytest.mark.parametrize("keep", [40, 300])
    def test_truncated_is_damaged(self, tmp_path: Path, keep: int) -> None:
        with pytest.raises(ParseError, match="damaged") as caught:
            parse_pdf(request_for(tmp_path / "a.pdf", pdf_bytes(TWO_PAGES)[:keep]))

        assert caught.value.failure_type is FailureType.DAMAGED

    def test_blank_pages_are_empty(self, tmp_path: Path) -> None:
        with pytest.raises(ParseError) as caught:
            parse_pdf(request_for(tmp_path / "a.pdf", pdf_bytes([[], []])))

        assert caught.value.failure_type is FailureType.EMPTY

    def test_too_long(self, tmp_path: Path) -> None:
        with pytest.raises(ParseError) as caught:
            parse_pdf(request_for(tmp_path / "a.pdf", pdf_bytes(TWO_PAGES), limits=ParseLimits(max_text_characters=10)))

        assert caught.value.failure_type is FailureType.TOO_LARGE

    def test_a_scan_without_ocr_says_so(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))

        with pytest.raises(ParseError, match="Tesseract") as caught:
            parse_pdf(request_for(tmp_path / "a.pdf", picture_pdf_bytes(picture())))

        assert caught.value.failure_type is FailureType.OCR_UNAVAILABLE

    def test_a_scanned_page_among_others_is_noted(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))

        document = parse_pdf(request_for(tmp_path / "a.pdf", picture_pdf_bytes(picture(), text_pages=2)))

        assert "text layer of page 2" in document.text
        assert list(document.missing_pages) == ["3"]
        assert "Tesseract" in document.missing_pages["3"]

    @pytest.mark.skipif(not ocr.ocr_available(), reason="Tesseract is not installed")
    def test_a_scanned_page_is_read(self, tmp_path: Path) -> None:
        document = parse_pdf(request_for(tmp_path / "a.pdf", picture_pdf_bytes(picture(), text_pages=1)))

        assert "Invoice number 4711" in document.text
        line = document.blocks[-1].lines[0]
        assert line.page == 2
        assert 50 < line.left < line.right < 550
