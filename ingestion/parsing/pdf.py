"""PDF: text with boxes where there is a text layer, OCR where there is none, and a note where neither worked."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingestion.errors import ParseError
from ingestion.parsing import ocr
from ingestion.parsing.builder import DocumentBuilder
from ingestion.parsing.detect import MediaType
from ingestion.parsing.pdf_layout import HeadingSizes, PrintedLine, known_words, write_page
from ingestion.parsing.pdf_reader import open_pdf, pypdf_pages, read_lines
from ingestion.parsing.request import ParseLimits, ParseRequest
from storage.records.failure_type import FailureType
from storage.records.parsed_document import BlockKind, Line, PageSpan, ParsedDocument

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

_OCR_DPI = 200
_MOST_OCR_PIXELS = 25_000_000
_NO_TEXT = "The PDF has pages but no text on them. Check that it is the right file."


@dataclass(slots=True)
class _Reading:
    """What was found on each page: printed lines, or text read from a picture, or the reason for neither."""

    lines: list[list[PrintedLine]] = field(default_factory=list)
    scanned: dict[int, tuple[str, tuple[Line, ...]]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    failure: FailureType = FailureType.EMPTY
    characters: int = 0


def parse_pdf(request: ParseRequest) -> ParsedDocument:
    """Read a PDF.

    Raises:
        ParseError: Encrypted, damaged, without text, scanned while OCR is off, or too long.
    """
    with open_pdf(request.path) as document:
        if document is None or not len(document):
            return _second_reader(request)
        reading = _read(document, request.limits)
        if not any(reading.lines) and not reading.scanned:
            reason = next(iter(reading.missing.values()), _NO_TEXT)
            raise ParseError(reading.failure, reason)
        return _assemble(reading, document)


def _read(document: "PdfDocument", limits: ParseLimits) -> _Reading:
    from pypdfium2 import PdfiumError

    reading = _Reading()
    for number in range(1, len(document) + 1):
        reading.lines.append([])
        try:
            page = document[number - 1]
        except PdfiumError:  # other pages may be fine
            reading.missing[str(number)] = "The page is damaged and could not be opened."
            reading.failure = FailureType.DAMAGED
            continue
        try:
            reading.lines[-1] = read_lines(page)
            if not reading.lines[-1] and _has_content(page):
                _scan(reading, page, number, limits.ocr_languages)
        finally:
            page.close()
        reading.characters += sum(len(line.text) for line in reading.lines[-1])
        if reading.characters > limits.max_text_characters:
            raise ParseError(
                FailureType.TOO_LARGE,
                f"The PDF has more than {limits.max_text_characters:,} characters. Split it into parts.",
            )
    return reading


def _has_content(page: "PdfPage") -> bool:
    return next(iter(page.get_objects(max_depth=1)), None) is not None


def _scan(reading: _Reading, page: "PdfPage", number: int, languages: str) -> None:
    width, height = page.get_size()
    scale = min(_OCR_DPI / 72, (_MOST_OCR_PIXELS / max(1.0, width * height)) ** 0.5)
    try:
        if not ocr.ocr_available():
            raise ParseError(FailureType.OCR_UNAVAILABLE, f"The page is a picture of text. {ocr.UNAVAILABLE}")
        image = page.render(scale=scale, grayscale=True).to_pil()
        text, lines = ocr.recognize(image, page=number, dpi=72 * scale, languages=languages)
    except ParseError as error:
        reading.missing[str(number)] = error.reason
        reading.failure = error.failure_type
        return
    if text.strip():
        reading.scanned[number] = (text, lines)
    else:
        reading.missing[str(number)] = "No text was found in the picture on this page."


def _assemble(reading: _Reading, document: "PdfDocument") -> ParsedDocument:
    builder = DocumentBuilder()
    headings, words = HeadingSizes.of(reading.lines), known_words(reading.lines)
    pages = []
    for number, lines in enumerate(reading.lines, start=1):
        if number in reading.scanned:
            text, marks = reading.scanned[number]
            builder.add(BlockKind.PARAGRAPH, text, lines=marks)
            start, end = builder.position - len(text), builder.position
        else:
            start, end = write_page(builder, lines, page=number, headings=headings, words=words)
        pages.append(PageSpan(number=number, char_start=start, char_end=end))
    properties = document.get_metadata_dict()
    return ParsedDocument(
        text=builder.text,
        blocks=tuple(builder.blocks),
        pages=tuple(pages),
        page_count=len(pages),
        title=_property(properties, "Title"),
        author=_property(properties, "Author"),
        missing_pages=reading.missing,
        media_type=MediaType.PDF,
        metadata={"reader": "pdfium"} | ({"ocr_pages": len(reading.scanned)} if reading.scanned else {}),
    )


def _second_reader(request: ParseRequest) -> ParsedDocument:
    builder, pages = DocumentBuilder(), []
    for number, raw in enumerate(pypdf_pages(request.path), start=1):
        text = "".join(c if c.isprintable() or c == "\n" else " " for c in raw).strip()
        builder.add(BlockKind.PARAGRAPH, text)
        start = builder.position - len(text)
        pages.append(PageSpan(number=number, char_start=start, char_end=builder.position))
    if not builder.text.strip():
        raise ParseError(FailureType.EMPTY, _NO_TEXT)
    return ParsedDocument(
        text=builder.text,
        blocks=tuple(builder.blocks),
        pages=tuple(pages),
        page_count=len(pages),
        media_type=MediaType.PDF,
        metadata={"reader": "pypdf"},
    )


def _property(properties: dict[str, str], name: str) -> str | None:
    value = "".join(c for c in properties.get(name, "") if c.isprintable()).strip()
    return value or None
