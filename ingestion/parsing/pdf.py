"""PDF: text with boxes where there is a good text layer, OCR where there is none, and a note where neither worked."""

from ingestion.errors import ParseError
from ingestion.parsing import progress
from ingestion.parsing.builder import DocumentBuilder
from ingestion.parsing.detect import MediaType
from ingestion.parsing.image import write_recognized
from ingestion.parsing.pdf_details import carried, date_property, labels_of, may_carry, outline_of, text_property
from ingestion.parsing.pdf_hidden import HiddenText
from ingestion.parsing.pdf_layout import Headings, Outline, known_compounds, write_page
from ingestion.parsing.pdf_pages import PdfPages, Reading
from ingestion.parsing.pdf_reader import SecondReader, open_pdf
from ingestion.parsing.pdf_running import running_lines
from ingestion.parsing.request import ParseRequest
from storage.records.parsed_document import BlockKind, Finding, FindingKind, PageSpan, ParsedDocument

_NO_TEXT = "The PDF has pages but no text on them. Check that it is the right file."
_MOST_FINDINGS = 100


def parse_pdf(request: ParseRequest) -> ParsedDocument:
    """Read a PDF.

    Raises:
        ParseError: Encrypted, damaged, without text, scanned while OCR is off, or too long.
    """
    second = SecondReader(request.path, request.clear_password)
    with open_pdf(request.path, request.clear_password) as document:
        if document is None or not len(document):
            reading = PdfPages(None, second, request.limits).read()
            return _assemble(reading, second.properties(), {}, None, request)
        reading = PdfPages(document, second, request.limits).read()
        properties = document.get_metadata_dict()
        return _assemble(reading, properties, outline_of(document), labels_of(document, len(document)), request)


def _assemble(
    reading: Reading, properties: dict[str, str], outline: Outline, labels: str | None, request: ParseRequest
) -> ParsedDocument:
    builder = DocumentBuilder()
    dropped = _drop_running_lines(reading)
    headings, compounds = Headings.of(reading.lines, outline), known_compounds(reading.lines)
    pages, findings = [], []
    for number, lines in enumerate(reading.lines, start=1):
        progress.pages_done(len(reading.lines), len(reading.lines))  # a long document is written for seconds
        first_block = len(builder.blocks)
        if number in reading.scanned:
            span = write_recognized(builder, reading.scanned[number], number)
        elif number in reading.second:
            builder.add(BlockKind.PARAGRAPH, reading.second[number])
            start = builder.position - len(reading.second[number])
            span = PageSpan(number=number, char_start=start, char_end=builder.position)
        else:
            start, end = write_page(builder, lines, page=number, headings=headings, compounds=compounds)
            span = PageSpan(number=number, char_start=start, char_end=end)
        pages.append(span)
        marks = [line.char_start for block in builder.blocks[first_block:] for line in block.lines]
        findings += [_finding(hidden, marks, span) for hidden in reading.hidden.get(number, ())]
    if len(findings) > _MOST_FINDINGS:
        more = f"{len(findings) - _MOST_FINDINGS:,} more pieces of hidden text were left out."
        findings = [*findings[:_MOST_FINDINGS], Finding(kind=FindingKind.HIDDEN_TEXT, detail=more)]
    if not builder.text.strip():
        raise ParseError(reading.failure, next(iter(reading.missing.values()), _NO_TEXT))
    if may_carry(request.path):
        findings += carried(request.path, request.clear_password)
    return ParsedDocument(
        text=builder.text,
        blocks=tuple(builder.blocks),
        pages=tuple(pages),
        page_count=len(pages),
        title=text_property(properties, "Title"),
        author=text_property(properties, "Author"),
        created_at=date_property(properties, "CreationDate"),
        modified_at=date_property(properties, "ModDate"),
        missing_pages=reading.missing,
        findings=tuple(findings),
        media_type=MediaType.PDF,
        metadata=_metadata(reading, labels, dropped),
    )


def _metadata(reading: Reading, labels: str | None, dropped: str) -> dict[str, str | int | bool]:
    metadata: dict[str, str | int | bool] = {"reader": "pypdf" if reading.pdfium_failed else "pdfium"}
    if reading.scanned:
        metadata["ocr_pages"] = len(reading.scanned)
    if reading.second and not reading.pdfium_failed:
        metadata["pages_by_pypdf"] = len(reading.second)
    if labels:
        metadata["page_labels"] = labels
    if dropped:
        metadata["running_lines"] = dropped
    return metadata


def _drop_running_lines(reading: Reading) -> str:
    """Take headers and footers away from the pages; returns their different texts."""
    texts: dict[str, None] = {}
    for page, numbers in running_lines(reading.lines, reading.heights).items():
        lines = reading.lines[page]
        texts |= dict.fromkeys(lines[number].text for number in sorted(numbers) if not lines[number].text.isdigit())
        reading.lines[page] = [line for number, line in enumerate(lines) if number not in numbers]
    return " / ".join(list(texts)[:5])[:500]


def _finding(hidden: HiddenText, marks: list[int], span: PageSpan) -> Finding:
    place = marks[hidden.lines_before] if hidden.lines_before < len(marks) else span.char_end
    return Finding(
        kind=FindingKind.HIDDEN_TEXT,
        detail=f"Left out: {hidden.detail}.",
        char_start=place,
        char_end=place,
        page=hidden.page,
    )
