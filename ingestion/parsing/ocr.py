"""Reading text from pictures with Tesseract, where it is installed."""

import functools
import shutil
import subprocess
from typing import TYPE_CHECKING

from ingestion.errors import ParseError
from storage.records.failure_type import FailureType
from storage.records.parsed_document import Line

if TYPE_CHECKING:
    from PIL.Image import Image

_LEAST_CONFIDENCE = 30.0
_POINTS_PER_INCH = 72.0
UNAVAILABLE = (
    "Tesseract, the program that reads text from pictures, is not installed. Install it "
    "(apt-get install tesseract-ocr, or brew install tesseract) and give the document again."
)


def ocr_available() -> bool:
    """Whether Tesseract is on the path."""
    return shutil.which("tesseract") is not None


@functools.lru_cache
def installed_languages() -> frozenset[str]:
    """Languages that the installed Tesseract knows."""
    program = shutil.which("tesseract")
    if program is None:
        return frozenset()
    listed = subprocess.run([program, "--list-langs"], capture_output=True, text=True, timeout=10, check=False)
    return frozenset(line.strip() for line in listed.stdout.splitlines() if line and " " not in line.strip())


def recognize(image: "Image", *, page: int, dpi: float, languages: str) -> tuple[str, tuple[Line, ...]]:
    """The text of a picture, line by line, with boxes in points.

    Args:
        image: The picture.
        page: Page number to note in the boxes.
        dpi: Pixels per inch, to turn pixels into points.
        languages: Tesseract names joined by `+`; those not installed are left out.

    Returns:
        The text, and its lines with offsets into it.

    Raises:
        ParseError: Tesseract is missing or fails.
    """
    if not ocr_available():
        raise ParseError(FailureType.OCR_UNAVAILABLE, UNAVAILABLE)
    import pytesseract  # brings pandas along, so only when a picture is read

    wanted = [name for name in languages.split("+") if name in installed_languages()] or ["eng"]
    try:
        words = pytesseract.image_to_data(image, lang="+".join(wanted), output_type=pytesseract.Output.DICT)
    except (pytesseract.TesseractError, RuntimeError, OSError) as error:
        raise ParseError(
            FailureType.DAMAGED, "Tesseract could not read the picture. Save it again as PNG and give it again."
        ) from error
    return _lines(words, page=page, scale=_POINTS_PER_INCH / dpi)


def _lines(words: dict[str, list[str]], *, page: int, scale: float) -> tuple[str, tuple[Line, ...]]:
    grouped: dict[tuple[str, ...], list[int]] = {}
    for index, word in enumerate(words["text"]):
        if word.strip() and float(words["conf"][index]) >= _LEAST_CONFIDENCE:
            key = tuple(words[name][index] for name in ("block_num", "par_num", "line_num"))
            grouped.setdefault(key, []).append(index)
    text, lines, previous = "", [], None
    for key, indexes in grouped.items():
        if previous is not None:
            text += "\n" if key[:2] == previous else "\n\n"
        previous = key[:2]
        start = len(text)
        text += " ".join(words["text"][index].strip() for index in indexes)
        lines.append(Line(char_start=start, char_end=len(text), page=page, **_box(words, indexes, scale)))
    return text, tuple(lines)


def _box(words: dict[str, list[str]], indexes: list[int], scale: float) -> dict[str, float]:
    left = [float(words["left"][i]) for i in indexes]
    top = [float(words["top"][i]) for i in indexes]
    right = [x + float(words["width"][i]) for x, i in zip(left, indexes, strict=True)]
    bottom = [y + float(words["height"][i]) for y, i in zip(top, indexes, strict=True)]
    edges = {"left": min(left), "top": min(top), "right": max(right), "bottom": max(bottom)}
    return {name: round(value * scale, 1) for name, value in edges.items()}
