"""Pictures of text: one page per frame of a TIFF, one page for any other."""

import warnings
from concurrent.futures import Future
from typing import TYPE_CHECKING

from ingestion.errors import ParseError
from ingestion.parsing import progress
from ingestion.parsing.builder import DocumentBuilder
from ingestion.parsing.detect import MediaType
from ingestion.parsing.ocr import Recognized
from ingestion.parsing.ocr_pages import ocr_pages
from ingestion.parsing.request import ParseRequest
from storage.records.failure_type import FailureType
from storage.records.parsed_document import BlockKind, Finding, FindingKind, PageSpan, ParsedDocument

if TYPE_CHECKING:
    from PIL.Image import Image

_FORMATS = {
    MediaType.PNG: "PNG",
    MediaType.JPEG: "JPEG",
    MediaType.TIFF: "TIFF",
    MediaType.WEBP: "WEBP",
    MediaType.GIF: "GIF",
    MediaType.BMP: "BMP",
}
_LEAST_DPI, _MOST_DPI = 50.0, 2400.0
_MOST_FRAMES = 200
_NO_TEXT = "No text was found in the picture. Is it sharp, and the right way up?"


def parse_image(request: ParseRequest, media_type: MediaType) -> ParsedDocument:
    """Read a picture with OCR.

    Only the decoder of the detected format may run: the others of the library are attack surface.

    Raises:
        ParseError: Damaged, too many pixels, no OCR, or no text in it.
    """
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # our own check below is stricter and comes before any pixel is decoded
    format_name = _FORMATS[media_type]
    try:
        with warnings.catch_warnings(), Image.open(request.path, formats=[format_name]) as image:
            warnings.simplefilter("ignore")
            held = getattr(image, "n_frames", 1)
            frames = min(held, _MOST_FRAMES) if format_name == "TIFF" else 1  # others are animations
            readings = _read_frames(image, frames, request)
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise ParseError(
            FailureType.DAMAGED, "The picture is damaged or cut off. Scan or export it again and upload the new copy."
        ) from error
    findings: tuple[Finding, ...] = ()
    if held > frames:
        detail = f"The file has {held:,} pictures; the first {frames:,} were read."
        findings = (Finding(kind=FindingKind.TRUNCATED, detail=detail),)
    return _assemble(readings, media_type, findings)


def _read_frames(image: "Image", frames: int, request: ParseRequest) -> list[Recognized]:
    from PIL import ImageOps

    waiting: list[Future[Recognized]] = []
    with ocr_pages(request.limits.ocr_languages) as reader:
        for number in range(1, frames + 1):
            image.seek(number - 1)
            _check_size(image, request.limits.max_pixels)
            image.load()
            upright = ImageOps.exif_transpose(image)
            waiting.append(reader.submit(upright, page=number, dpi=_dpi(image)))
            progress.pages_done(sum(future.done() for future in waiting), frames)
        readings = []
        for number, future in enumerate(waiting, start=1):
            readings.append(_result(future, is_only=frames == 1))
            progress.pages_done(number, frames)
    return readings


def _result(future: "Future[Recognized]", *, is_only: bool) -> Recognized:
    """What was read; one slow picture of several has no text, and says why."""
    try:
        return future.result()
    except ParseError as error:
        if is_only or error.failure_type is not FailureType.TIMED_OUT:
            raise
        return Recognized(note=error.reason)


def _assemble(readings: list[Recognized], media_type: MediaType, findings: tuple[Finding, ...]) -> ParsedDocument:
    builder, pages, missing = DocumentBuilder(), [], {}
    for number, reading in enumerate(readings, start=1):
        pages.append(write_recognized(builder, reading, number))
        if not reading.paragraphs:
            missing[str(number)] = reading.note or _NO_TEXT
    if not builder.text.strip():
        raise ParseError(FailureType.EMPTY, next(iter(missing.values()), _NO_TEXT))
    return ParsedDocument(
        text=builder.text,
        blocks=tuple(builder.blocks),
        pages=tuple(pages),
        page_count=len(pages),
        missing_pages=missing,
        findings=findings,
        media_type=media_type,
        metadata={"ocr": True, "ocr_pages": len(pages) - len(missing)},
    )


def write_recognized(builder: DocumentBuilder, reading: Recognized, number: int) -> PageSpan:
    """Append what was read from a picture.

    Returns:
        The page's place in the text.
    """
    start: int | None = None
    for text, lines in reading.paragraphs:
        builder.add(BlockKind.PARAGRAPH, text, lines=lines)
        start = builder.position - len(text) if start is None else start
    return PageSpan(
        number=number,
        char_start=builder.position if start is None else start,
        char_end=builder.position,
        ocr_confidence=reading.confidence if reading.paragraphs else None,
    )


def _check_size(image: "Image", limit: int) -> None:
    width, height = image.size
    if width * height > limit:
        raise ParseError(
            FailureType.TOO_LARGE,
            f"The picture has {width:,} × {height:,} pixels; at most {limit:,} are read. Save it smaller.",
        )


def _dpi(image: "Image") -> float | None:
    try:
        dpi = float(image.info.get("dpi", (0,))[0])
    except (TypeError, ValueError, ZeroDivisionError):  # what the file says may be anything
        return None
    return dpi if _LEAST_DPI <= dpi <= _MOST_DPI else None
