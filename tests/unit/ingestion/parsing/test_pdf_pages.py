"""Tests of how each page of a PDF is read: by its text layer or from its picture."""

from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from ingestion.parsing import ocr
from ingestion.parsing.pdf import parse_pdf
from ingestion.parsing.progress import Listener, listening
from ingestion.parsing.request import ParseLimits
from tests.factories.documents import pdf_bytes, request_for
from tests.factories.pdfs import drawn, prose_lines, scanned_page

needs_ocr = pytest.mark.skipif(not ocr.ocr_available(), reason="Tesseract is not installed")


def typed(canvas: Canvas) -> None:
    for number, line in enumerate(prose_lines(12)):
        canvas.drawString(72, 700 - 14 * number, line)


def stamped_scan(canvas: Canvas) -> None:
    scanned_page(words="Delivery of nine valves to the south station")(canvas)
    canvas.drawString(72, 40, "No. 17")


class TestPictures:
    @needs_ocr
    def test_only_pages_without_text_are_read_from_pictures(self, tmp_path: Path) -> None:
        data = drawn(typed, scanned_page(), typed)

        document = parse_pdf(request_for(tmp_path / "a.pdf", data))

        assert document.metadata["ocr_pages"] == 1
        confidences = [page.ocr_confidence for page in document.pages]
        assert confidences[0] is confidences[2] is None
        assert confidences[1] is not None
        assert 60 < confidences[1] <= 100
        second = document.pages[1]
        assert document.text[second.char_start : second.char_end] == "Invoice number 4711"
        (line,) = [line for block in document.blocks for line in block.lines if line.page == 2]
        assert 60 < line.left < 100
        assert 130 < line.top < 180

    @needs_ocr
    def test_a_scan_with_a_typed_number_is_read_from_its_picture(self, tmp_path: Path) -> None:
        document = parse_pdf(request_for(tmp_path / "a.pdf", drawn(stamped_scan)))

        assert "nine valves" in document.text
        assert document.metadata["ocr_pages"] == 1

    def test_poor_text_is_kept_when_ocr_is_off(self, tmp_path: Path) -> None:
        limits = ParseLimits(ocr_languages="")

        document = parse_pdf(request_for(tmp_path / "a.pdf", drawn(stamped_scan, scanned_page()), limits=limits))

        assert document.text == "No. 17"
        assert "switched off" in document.missing_pages["2"]


class TestProgress:
    def test_is_told_for_each_page(self, tmp_path: Path) -> None:
        heard: list[tuple[int, int]] = []
        request = request_for(tmp_path / "a.pdf", pdf_bytes([[(11, f"Page {n}.")] for n in range(5)]))

        with listening(Listener(pages=lambda done, total: heard.append((done, total)), reading_pictures=lambda: None)):
            parse_pdf(request)

        assert heard == [(n, 5) for n in range(1, 6)] + [(5, 5)] * 5  # and once for each page that is written
