"""Pictures of text: one page per frame."""

import warnings
from typing import TYPE_CHECKING

from ingestion.errors import ParseError
from ingestion.parsing import ocr
from ingestion.parsing.builder import DocumentBuilder
from ingestion.parsing.detect import MediaType
from ingestion.parsing.request import ParseRequest
from storage.records.failure_type import FailureType
from storage.records.parsed_document import BlockKind, PageSpan, ParsedDocument

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
_DEFAULT_DPI = 150.0
_LEAST_DPI, _MOST_DPI = 50.0, 1200.0
_MOST_FRAMES = 200


def parse_image(request: ParseRequest, media_type: MediaType) -> ParsedDocument:
    """Read a picture with OCR.

    Only the decoder of the detected format may run: the others of the library are attack surface.

    Raises:
        ParseError: Damaged, too many pixels, no OCR, or no text in it.
    """
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # our own check below is stricter and comes before any pixel is decoded
    builder, pages = DocumentBuilder(), []
    try:
        with warnings.catch_warnings(), Image.open(request.path, formats=[_FORMATS[media_type]]) as image:
            warnings.simplefilter("ignore")
            frames = min(getattr(image, "n_frames", 1), _MOST_FRAMES)
            for number in range(1, frames + 1):
                image.seek(number - 1)
                _check_size(image, request.limits.max_pixels)
                image.load()
                start = builder.position
                _read_frame(builder, image, number, request.limits.ocr_languages)
                pages.append(PageSpan(number=number, char_start=start, char_end=builder.position))
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise ParseError(
            FailureType.DAMAGED, "The picture is damaged or cut off. Scan or export it again and upload the new copy."
        ) from error
    if not builder.text.strip():
        raise ParseError(FailureType.EMPTY, "No text was found in the picture. Is it sharp, and the right way up?")
    return ParsedDocument(
        text=builder.text,
        blocks=tuple(builder.blocks),
        pages=tuple(pages),
        page_count=frames,
        media_type=media_type,
        metadata={"ocr": True},
    )


def _check_size(image: "Image", limit: int) -> None:
    width, height = image.size
    if width * height > limit:
        raise ParseError(
            FailureType.TOO_LARGE,
            f"The picture has {width:,} × {height:,} pixels; at most {limit:,} are read. Save it smaller.",
        )


def _read_frame(builder: DocumentBuilder, image: "Image", page: int, languages: str) -> None:
    dpi = float(image.info.get("dpi", (_DEFAULT_DPI,))[0] or _DEFAULT_DPI)
    dpi = dpi if _LEAST_DPI <= dpi <= _MOST_DPI else _DEFAULT_DPI
    text, lines = ocr.recognize(image.convert("L"), page=page, dpi=dpi, languages=languages)
    builder.add(BlockKind.PARAGRAPH, text, lines=lines)
