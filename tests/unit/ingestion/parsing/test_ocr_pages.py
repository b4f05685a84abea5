"""Tests of reading pictures: turned, in other languages, several at once."""

from pathlib import Path

import pytest
import reportlab
from PIL import Image, ImageDraw, ImageFont

from ingestion.errors import ParseError
from ingestion.parsing import ocr
from ingestion.parsing.ocr_pages import ocr_pages
from storage.records.failure_type import FailureType
from tests.factories.pdfs import prose_lines

needs_ocr = pytest.mark.skipif(not ocr.ocr_available(), reason="Tesseract is not installed")
FONT = ImageFont.truetype(str(Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"), 34)
SPANISH = (
    "La bomba de la estación del norte se cambió en la primavera y desde entonces funciona sin fallos. Cada mes una "
    "persona del turno de noche lee el contador y escribe el número en el libro. Cuando la presión baja de dos bares "
    "arranca la segunda bomba y se enciende una lámpara en el panel. El año pasado también ocurrió así."
)


def page(lines: list[str]) -> Image.Image:
    image = Image.new("L", (1600, 120 + 60 * len(lines)), 255)
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        draw.text((80, 60 + 60 * number), line, fill=0, font=FONT)
    return image


def wrapped(text: str, words: int = 9) -> list[str]:
    parts = text.split()
    return [" ".join(parts[n : n + words]) for n in range(0, len(parts), words)]


@needs_ocr
class TestOcrPages:
    @pytest.mark.parametrize("degrees", [90, 180, 270])
    def test_a_page_on_its_side_is_turned(self, degrees: int) -> None:
        upright = page(prose_lines(14, words=9))
        lying = upright.rotate(degrees, expand=True)

        with ocr_pages("eng") as reader:
            result = reader.submit(lying, page=1, dpi=200).result()

        assert "north station was replaced" in " ".join(result.text.split())
        assert result.rank > 80
        scale = 72 / 200
        line = result.paragraphs[0][1][0]
        assert 0 <= line.left < line.right <= lying.width * scale + 1
        assert 0 <= line.top < line.bottom <= lying.height * scale + 1
        if degrees == 180:  # the first line is at the bottom of the picture as it was given
            assert line.top > lying.height * scale / 2
        else:
            assert line.bottom - line.top > line.right - line.left

    @pytest.mark.skipif("spa" not in ocr.installed_languages(), reason="Tesseract has no Spanish")
    def test_the_language_is_found_from_the_first_pass(self) -> None:
        with ocr_pages("eng") as reader:
            result = reader.submit(page(wrapped(SPANISH)), page=1, dpi=200).result()

        text = " ".join(result.text.split())
        assert "estación" in text
        assert "año" in text

    def test_several_pages_keep_their_numbers(self) -> None:
        with ocr_pages("eng", workers=2) as reader:
            futures = [reader.submit(page([f"This is sheet {n} of the book"]), page=n, dpi=200) for n in range(1, 8)]
            results = [future.result() for future in futures]

        for number, result in enumerate(results, start=1):
            assert f"sheet {number} of" in result.text
            assert result.paragraphs[0][1][0].page == number

    def test_a_picture_without_words_gives_nothing(self) -> None:
        with ocr_pages("eng") as reader:
            result = reader.submit(Image.new("RGB", (300, 200), "white"), page=1, dpi=None).result()

        assert result.paragraphs == ()
        assert result.confidence is None


class TestSwitchedOff:
    @needs_ocr
    def test_says_so(self) -> None:
        with ocr_pages("") as reader, pytest.raises(ParseError, match="OCR_LANGUAGES") as caught:
            reader.submit(Image.new("L", (10, 10)), page=1, dpi=None)

        assert caught.value.failure_type is FailureType.OCR_UNAVAILABLE


class TestSaveForOcr:
    @pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGB", "RGBA", "CMYK", "I;16", "F"])
    def test_every_mode_becomes_plain_pixels(self, tmp_path: Path, mode: str) -> None:
        path = ocr.save_for_ocr(Image.new(mode, (8, 4)), tmp_path / "x")

        with Image.open(path, formats=["PPM"]) as image:
            assert image.size == (8, 4)
            assert image.mode in ("1", "L", "RGB")

    def test_what_is_see_through_becomes_white(self, tmp_path: Path) -> None:
        path = ocr.save_for_ocr(Image.new("RGBA", (2, 2), (0, 0, 0, 0)), tmp_path / "x")

        with Image.open(path) as image:
            assert image.getpixel((0, 0)) == (255, 255, 255)
