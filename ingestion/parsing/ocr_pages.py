"""Reads the pictures of one document, several at once, in the language that fits it and the right way up."""

import os
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.errors import ParseError
from ingestion.language.identification import identify_prose
from ingestion.parsing import ocr, progress
from ingestion.parsing.ocr import Recognized
from storage.records.failure_type import FailureType
from storage.records.parsed_document import Line

if TYPE_CHECKING:
    from PIL.Image import Image

_PACKS = {"en": "eng", "de": "deu", "fr": "fra", "es": "spa", "it": "ita", "pt": "por", "nl": "nld"}
_SCRIPT_PACKS = {
    "Cyrillic": ("rus", "ukr", "bul"),
    "Arabic": ("ara", "fas"),
    "Hebrew": ("heb",),
    "Greek": ("ell",),
    "Han": ("chi_sim", "chi_tra"),
    "Japanese": ("jpn",),
    "Korean": ("kor",),
    "Hangul": ("kor",),
    "Thai": ("tha",),
    "Devanagari": ("hin",),
}
_GOOD = 80.0  # below, another language may do better
_POOR = 60.0  # below, the picture may lie on its side
_DEFAULT = "eng"
_SMALL_PIXELS = 2_000_000
_ENLARGED = 3
_MOST_PASSES = 4
_ENOUGH_SECONDS = 8.0  # after these no further pass begins
PICTURE_SECONDS = 45.0  # all passes of one picture together; most take two, on a busy machine ten times as long
_POINTS_PER_INCH, _USUAL_DPI = 72.0, 150.0
_OFF = (
    "Reading text from pictures is switched off here. Set PIXEL_INGEST_OCR_LANGUAGES, for example to eng, and give the "
    "document again."
)
_NO_PACK = (
    "The picture seems to hold text in {script} script, which the installed Tesseract does not know. Install its "
    "languages (apt-get install tesseract-ocr-{pack}) and give the document again."
)


class OcrPages:
    """Pictures in, text out, through a few Tesseract processes at once. Made by `ocr_pages`."""

    def __init__(self, folder: Path, configured: str, known_language: str | None, workers: int) -> None:
        self._folder = folder
        self._pool = ThreadPoolExecutor(workers)
        self._room = threading.BoundedSemaphore(2 * workers)  # pictures that wait take disk and time to draw
        self._is_on = bool(configured.strip())
        installed = ocr.installed_languages()
        self._configured = [name for name in configured.split("+") if name in installed] or [_DEFAULT]
        pack = _PACKS.get(known_language or "")
        self._languages = pack if pack in installed else self._configured[0]

    def check(self) -> None:
        """Make sure that pictures can be read at all.

        Raises:
            ParseError: Tesseract is missing, or OCR is switched off.
        """
        if not self._is_on:
            raise ParseError(FailureType.OCR_UNAVAILABLE, _OFF)
        if not ocr.ocr_available():
            raise ParseError(FailureType.OCR_UNAVAILABLE, ocr.UNAVAILABLE)

    def submit(self, image: "Image", *, page: int, dpi: float | None) -> "Future[Recognized]":
        """Start reading a picture; waits while enough others are in work.

        Raises:
            ParseError: Tesseract is missing, or OCR is switched off.
        """
        self.check()
        progress.reading_pictures()
        import pytesseract  # noqa: F401 - once, here: two threads that import it at the same time can lock each other

        self._room.acquire()
        path = ocr.save_for_ocr(image, self._folder / f"page-{page}")
        return self._pool.submit(self._read, path, page, dpi)

    def close(self) -> None:
        """Wait for what runs; what has not begun is dropped."""
        self._pool.shutdown(cancel_futures=True)

    def _read(self, path: Path, page: int, dpi: float | None) -> Recognized:
        picture = _Picture(path, page, dpi)
        try:
            result = self._recognize(picture, self._languages)
            if result.confidence is not None and result.confidence < _POOR:
                result, picture = self._turned(result, picture)
            if result.confidence is not None and result.confidence < _GOOD:
                result, picture = self._enlarged(result, picture)
            return self._in_its_language(result, picture)
        finally:
            for left_over in path.parent.glob(f"{path.stem}[.-]*"):
                left_over.unlink(missing_ok=True)
            self._room.release()

    def _recognize(self, picture: "_Picture", languages: str) -> Recognized:
        seconds = picture.effort.next_pass()
        result = ocr.recognize(picture.path, page=picture.page, dpi=picture.dpi, languages=languages, seconds=seconds)
        return _turned_back(result, picture) if picture.degrees else result

    def _better(self, result: Recognized, picture: "_Picture", languages: str) -> Recognized | None:
        """Read a picture once more; None where that gives nothing better, or enough has been tried."""
        if not picture.effort.may_go_on:
            return None
        try:
            again = self._recognize(picture, languages)
        except ParseError:  # what was read before is still good
            return None
        return again if again.rank > result.rank else None

    def _turned(self, result: Recognized, picture: "_Picture") -> tuple[Recognized, "_Picture"]:
        """Read a picture again the right way up, if it lies; or in another script."""
        if not picture.effort.may_go_on:
            return result, picture
        degrees, script = ocr.orientation(picture.path, dpi=picture.dpi, seconds=picture.effort.next_pass())
        if degrees:
            turned = picture.turned(degrees)
            if again := self._better(result, turned, self._languages):
                result, picture = again, turned
        packs = [name for name in _SCRIPT_PACKS.get(script, ()) if name in ocr.installed_languages()]
        if packs and result.rank < _POOR and (again := self._better(result, picture, "+".join(packs))):
            self._languages = "+".join(packs)
            return again, picture
        if script in _SCRIPT_PACKS and not packs and not result.paragraphs:
            note = _NO_PACK.format(script=script, pack=_SCRIPT_PACKS[script][0].replace("_", "-"))
            return replace(result, note=note), picture
        return result, picture

    def _enlarged(self, result: Recognized, picture: "_Picture") -> tuple[Recognized, "_Picture"]:
        """Read a small picture again at a larger size: Tesseract wants letters of 20 pixels and more."""
        larger = picture.enlarged() if picture.effort.may_go_on else None
        if larger is None:
            return result, picture
        again = self._better(result, larger, self._languages)
        return (again, larger) if again else (result, picture)

    def _in_its_language(self, result: Recognized, picture: "_Picture") -> Recognized:
        """Read again where the text turns out to be in another language, and keep what Tesseract is surer of."""
        pack = _PACKS.get(identify_prose(result.text) or "")
        if pack in ocr.installed_languages() and pack not in self._languages.split("+"):
            wanted = pack
        elif pack is None and result.paragraphs and result.rank < _GOOD and len(self._configured) > 1:
            wanted = "+".join(self._configured)
        else:
            return result
        again = self._better(result, picture, wanted) if wanted != self._languages else None
        if again is None:
            return result
        if pack is not None:
            self._languages = wanted  # further pages start with it
        return again


class _Effort:
    """How much has been spent on one picture: passes of Tesseract and seconds."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._passes = 0

    @property
    def may_go_on(self) -> bool:
        """Whether a further pass, for a better text, is still worth it."""
        return self._passes < _MOST_PASSES and time.monotonic() - self._started < _ENOUGH_SECONDS

    def next_pass(self) -> float:
        """Count a pass; the seconds that it may take."""
        self._passes += 1
        return max(1.0, PICTURE_SECONDS - (time.monotonic() - self._started))


@dataclass(frozen=True, slots=True)
class _Picture:
    """A picture as Tesseract gets it, perhaps turned clockwise; its width and height in points before that."""

    path: Path
    page: int
    dpi: float | None
    degrees: int = 0
    width: float = 0.0
    height: float = 0.0
    effort: _Effort = field(default_factory=_Effort)

    def turned(self, degrees: int) -> "_Picture":
        from PIL import Image

        with Image.open(self.path, formats=["PPM"]) as image:
            scale = _POINTS_PER_INCH / (self.dpi or _USUAL_DPI)
            width, height = image.width * scale, image.height * scale
            target = ocr.save_for_ocr(image.rotate(-degrees, expand=True), self._beside("turned"))
        return replace(self, path=target, degrees=degrees, width=width, height=height)

    def enlarged(self) -> "_Picture | None":
        from PIL import Image

        with Image.open(self.path, formats=["PPM"]) as image:
            width, height = image.size
            if width * height > _SMALL_PIXELS:
                return None
            larger = image.convert("L" if image.mode == "1" else image.mode)
            larger = larger.resize((width * _ENLARGED, height * _ENLARGED), Image.Resampling.LANCZOS)
        target = ocr.save_for_ocr(larger, self._beside("large"))
        return replace(self, path=target, dpi=(self.dpi or _USUAL_DPI) * _ENLARGED)

    def _beside(self, what: str) -> Path:
        return self.path.with_name(f"{self.path.stem}-{what}")


@contextmanager
def ocr_pages(configured: str, *, known_language: str | None = None, workers: int | None = None) -> Iterator[OcrPages]:
    """A reader of pictures for one document.

    Args:
        configured: Tesseract languages joined by `+`, the most likely first; those not installed are left out.
            An empty string switches OCR off.
        known_language: ISO 639-1 code of the document's other text, if it is known.
        workers: Tesseract processes at once; None for one per core.
    """
    count = workers or len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with tempfile.TemporaryDirectory(prefix="ocr-") as folder:
        reader = OcrPages(Path(folder), configured, known_language, count)
        try:
            yield reader
        finally:
            reader.close()


def _turned_back(result: Recognized, picture: _Picture) -> Recognized:
    """Boxes of a picture that was turned, as boxes on the picture as it was given."""
    width, height = picture.width, picture.height

    def back(line: Line) -> Line:
        left, top, right, bottom = line.left, line.top, line.right, line.bottom
        turned = {
            90: (top, height - right, bottom, height - left),
            180: (width - right, height - bottom, width - left, height - top),
            270: (width - bottom, left, width - top, right),
        }[picture.degrees]
        left, top, right, bottom = (round(edge, 1) for edge in turned)
        return line._replace(left=left, top=top, right=right, bottom=bottom)

    paragraphs = tuple((text, tuple(back(line) for line in lines)) for text, lines in result.paragraphs)
    return replace(result, paragraphs=paragraphs)
