"""Tests of pictures."""

import io
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from ingestion.errors import ParseError
from ingestion.parsing import ocr
from ingestion.parsing.detect import MediaType
from ingestion.parsing.image import parse_image
from storage.records.failure_type import FailureType
from tests.factories.documents import png_header, request_for

needs_ocr = pytest.mark.skipif(not ocr.ocr_available(), reason="Tesseract is not installed")


def encoded(kind: str, frames: int = 1) -> bytes:
    images = []
    for number in range(frames):
        image = Image.new("L", (900, 300), 255)
        ImageDraw.Draw(image).text((40, 100), f"Receipt number {number + 1}", fill=0, font_size=70)
        images.append(image)
    buffer = io.BytesIO()
    more = {"save_all": True, "append_images": images[1:]} if frames > 1 else {}
    images[0].save(buffer, kind, dpi=(150, 150), **more)
    return buffer.getvalue()


class TestParseImage:
    @needs_ocr
    @pytest.mark.parametrize(("kind", "media_type"), [("PNG", MediaType.PNG), ("JPEG", MediaType.JPEG)])
    def test_reads_text(self, tmp_path: Path, kind: str, media_type: MediaType) -> None:
        document = parse_image(request_for(tmp_path / "a.img", encoded(kind)), media_type)

        assert "Receipt number 1" in document.text
        assert document.blocks[0].lines[0].right < 900 * 72 / 150

    @needs_ocr
    def test_each_frame_is_a_page(self, tmp_path: Path) -> None:
        document = parse_image(request_for(tmp_path / "a.tif", encoded("TIFF", frames=2)), MediaType.TIFF)

        assert [page.number for page in document.pages] == [1, 2]
        assert "Receipt number 2" in document.text[document.pages[1].char_start :]

    @needs_ocr
    def test_nothing_to_read_is_empty(self, tmp_path: Path) -> None:
        buffer = io.BytesIO()
        Image.new("L", (200, 200), 255).save(buffer, "PNG")

        with pytest.raises(ParseError) as caught:
            parse_image(request_for(tmp_path / "a.png", buffer.getvalue()), MediaType.PNG)

        assert caught.value.failure_type is FailureType.EMPTY

    def test_without_ocr_says_so(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        request = request_for(tmp_path / "a.png", encoded("PNG"))
        monkeypatch.setenv("PATH", str(tmp_path))

        with pytest.raises(ParseError, match="Install it") as caught:
            parse_image(request, MediaType.PNG)

        assert caught.value.failure_type is FailureType.OCR_UNAVAILABLE

    def test_a_pixel_flood_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ParseError, match="pixels") as caught:
            parse_image(request_for(tmp_path / "a.png", png_header(60_000, 60_000)), MediaType.PNG)

        assert caught.value.failure_type is FailureType.TOO_LARGE

    def test_truncated_is_damaged(self, tmp_path: Path) -> None:
        with pytest.raises(ParseError) as caught:
            parse_image(request_for(tmp_path / "a.png", encoded("PNG")[:600]), MediaType.PNG)

        assert caught.value.failure_type is FailureType.DAMAGED
