"""Reading text from pictures with Tesseract, where it is installed."""

import functools
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingestion.errors import ParseError
from storage.records.failure_type import FailureType
from storage.records.parsed_document import Line

if TYPE_CHECKING:
    from PIL.Image import Image

_POINTS_PER_INCH = 72.0
_LEAST_DPI, _MOST_DPI = 70, 2400  # outside, Tesseract does better with its own guess
_SURE_WORD = 60.0
_NOISE_CONFIDENCE = 40.0
_FEWEST_SURE_WORDS = 3
UNAVAILABLE = (
    "Tesseract, the program that reads text from pictures, is not installed. Install it "
    "(apt-get install tesseract-ocr, or brew install tesseract) and give the document again."
)
_TOO_SLOW = "Reading the picture took Tesseract longer than {seconds:.0f} s. Save it smaller, or cut it into parts."
_LIST_SECONDS = 10
_FAILED = "Tesseract could not read the picture. Save it again as PNG and give it again."


@dataclass(frozen=True, slots=True)
class Recognized:
    """Paragraphs read from a picture, each with its lines (offsets from the paragraph's start).

    `confidence` is the mean of the words' confidences, 0 to 100, weighted by length; None where there is no word.
    """

    paragraphs: tuple[tuple[str, tuple[Line, ...]], ...] = ()
    confidence: float | None = None
    note: str = ""  # why there is little or nothing, if that is known

    @property
    def text(self) -> str:
        """The whole text."""
        return "\n\n".join(text for text, _ in self.paragraphs)

    @property
    def rank(self) -> float:
        """To compare two readings of one picture."""
        return self.confidence or 0.0


def ocr_available() -> bool:
    """Whether Tesseract is on the path."""
    return shutil.which("tesseract") is not None


@functools.lru_cache
def installed_languages() -> frozenset[str]:
    """Languages that the installed Tesseract knows."""
    program = shutil.which("tesseract")
    if program is None:
        return frozenset()
    command = [program, "--list-langs"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, timeout=_LIST_SECONDS, check=False)
    except subprocess.TimeoutExpired:  # it does not answer: each picture will say so
        return frozenset()
    return frozenset(line.strip() for line in listed.stdout.splitlines() if line and " " not in line.strip())


def save_for_ocr(image: "Image", path: Path) -> Path:
    """Write a picture in a form that costs Tesseract no decoder: plain pixels, no colour table, nothing see-through.

    Args:
        image: The picture.
        path: Where to write it; the suffix is ours.

    Returns:
        The file.
    """
    if image.mode.startswith("I;16"):
        image = image.point(lambda value: value / 256).convert("L")
    elif image.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        from PIL import Image

        solid = image.convert("RGBA")
        ground = Image.new("RGBA", solid.size, "white")
        ground.alpha_composite(solid)
        image = ground.convert("RGB")
    elif image.mode not in ("1", "L", "RGB"):
        image = image.convert("RGB")
    target = path.with_suffix(".pnm")
    image.save(target, format="PPM")
    return target


def recognize(path: Path, *, page: int, dpi: float | None, languages: str, seconds: float) -> Recognized:
    """The text of a picture, line by line, with boxes in points.

    Args:
        path: A picture, as `save_for_ocr` wrote it.
        page: Page number to note in the boxes.
        dpi: Pixels per inch; None when the picture does not say.
        languages: Tesseract names joined by `+`.
        seconds: Wall time after which it is stopped.

    Returns:
        What was read; words of which nothing is sure are left out only where the whole picture gave no sure word.

    Raises:
        ParseError: Tesseract is missing, fails, or takes too long.
    """
    words = _run("image_to_data", path, dpi=dpi, languages=languages, seconds=seconds)
    return _assembled(words, page=page, scale=_POINTS_PER_INCH / (dpi or 150.0))


def orientation(path: Path, *, dpi: float | None, seconds: float) -> tuple[int, str]:
    """How a picture lies and in which script it is written, as Tesseract guesses.

    Returns:
        The degrees by which to turn it clockwise (0, 90, 180, 270), and the script ("Latin", "Cyrillic", …); 0 and
        an empty string when there is too little text to tell, or too little time.
    """
    if "osd" not in installed_languages():
        return 0, ""
    try:
        found = _run("image_to_osd", path, dpi=dpi, languages="osd", seconds=seconds)
    except ParseError:
        return 0, ""
    return int(found.get("rotate", 0)) % 360, str(found.get("script", ""))


def _run(what: str, path: Path, *, dpi: float | None, languages: str, seconds: float) -> dict[str, Any]:
    if not ocr_available():
        raise ParseError(FailureType.OCR_UNAVAILABLE, UNAVAILABLE)
    import pytesseract  # brings pandas along, so only when a picture is read

    options = f"--dpi {round(dpi)}" if dpi and _LEAST_DPI <= dpi <= _MOST_DPI else ""
    if what == "image_to_osd":
        options = f"--psm 0 {options}"
    try:
        result: dict[str, Any] = getattr(pytesseract, what)(
            str(path), lang=languages, config=options, output_type=pytesseract.Output.DICT, timeout=seconds
        )
    except (pytesseract.TesseractError, OSError, ValueError) as error:
        raise ParseError(FailureType.DAMAGED, _FAILED) from error
    except RuntimeError as error:  # what pytesseract raises when it has stopped the program
        raise ParseError(FailureType.TIMED_OUT, _TOO_SLOW.format(seconds=seconds)) from error
    return result


def _assembled(words: dict[str, list[Any]], *, page: int, scale: float) -> Recognized:
    grouped: dict[tuple[int, int], dict[int, list[int]]] = {}
    weighted = total = 0.0
    sure = 0
    for index, word in enumerate(words["text"]):
        confidence = float(words["conf"][index])
        if confidence < 0 or not str(word).strip():
            continue
        length = len(str(word).strip())
        weighted, total, sure = weighted + confidence * length, total + length, sure + (confidence >= _SURE_WORD)
        paragraph = grouped.setdefault((words["block_num"][index], words["par_num"][index]), {})
        paragraph.setdefault(words["line_num"][index], []).append(index)
    mean = round(weighted / total, 1) if total else None
    if mean is None or (mean < _NOISE_CONFIDENCE and sure < _FEWEST_SURE_WORDS):
        return Recognized(confidence=mean)  # a photograph or a stain, in which Tesseract sees letters
    paragraphs = tuple(_paragraph(words, lines, page=page, scale=scale) for lines in grouped.values())
    return Recognized(paragraphs, mean)


def _paragraph(
    words: dict[str, list[Any]], lines: dict[int, list[int]], *, page: int, scale: float
) -> tuple[str, tuple[Line, ...]]:
    text, marks = "", []
    for indexes in lines.values():
        text += "\n" if text else ""
        start = len(text)
        text += " ".join(str(words["text"][index]).strip() for index in indexes)
        marks.append(Line(char_start=start, char_end=len(text), page=page, **_box(words, indexes, scale)))
    return text, tuple(marks)


def _box(words: dict[str, list[Any]], indexes: list[int], scale: float) -> dict[str, float]:
    left = [float(words["left"][i]) for i in indexes]
    top = [float(words["top"][i]) for i in indexes]
    right = [x + float(words["width"][i]) for x, i in zip(left, indexes, strict=True)]
    bottom = [y + float(words["height"][i]) for y, i in zip(top, indexes, strict=True)]
    edges = {"left": min(left), "top": min(top), "right": max(right), "bottom": max(bottom)}
    return {name: round(value * scale, 1) for name, value in edges.items()}
