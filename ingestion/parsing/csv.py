"""Tables as text (CSV, TSV and their kin): one Markdown table, with the header row found and every row kept."""

import csv
import itertools
import re
from collections import Counter
from collections.abc import Sequence

from ingestion.errors import ParseError
from ingestion.parsing.builder import DocumentBuilder
from ingestion.parsing.detect import MediaType
from ingestion.parsing.request import ParseRequest
from ingestion.parsing.tables import cell_text, markdown_table
from ingestion.parsing.text import read_text
from storage.records.failure_type import FailureType
from storage.records.parsed_document import BlockKind, FindingKind, ParsedDocument

_DELIMITERS = (",", ";", "\t", "|", "\x1f", ":")
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe", "\x1f": "unit separator", ":": "colon"}
_SAMPLE_LINES = 200
_SAMPLE_CHARACTERS = 200_000
_LONGEST_FIELD = 1_000_000
_MOST_LINES_IN_CELL = 100
_MOST_TITLE_ROWS = 10
_SEPARATOR_LINE = re.compile(r"^\ufeff?sep=(.)\r?\n", re.IGNORECASE)
_NUMBER = re.compile(r"^[-+(]?[$€£¥]?\s?[\d.,' ]*\d\s?%?\)?$")


def parse_csv(request: ParseRequest) -> ParsedDocument:
    """Read a table of delimited text.

    Rows that are shorter or longer than the header are kept as they are. Lines above the header become paragraphs.

    Raises:
        ParseError: Empty, binary or too long.
    """
    text, encoding, hidden = read_text(request.path, limit=request.limits.max_text_characters)
    declared = _SEPARATOR_LINE.match(text)
    delimiter = declared[1] if declared else _delimiter(text)
    rows = _rows(text[declared.end() :] if declared else text, delimiter)
    builder = DocumentBuilder()
    for found in hidden:
        builder.find(FindingKind.HIDDEN_TEXT, f"Invisible characters hold {found.detail}.", whole=True)
    first = _header(rows)
    for row in rows[:first]:
        builder.add(BlockKind.PARAGRAPH, " ".join(cell for cell in row if cell).replace("\\|", "|"))
    table = markdown_table(rows[first:])
    if not table and not builder.blocks:
        raise ParseError(FailureType.EMPTY, "The table has no cells with text. Check that it is the right file.")
    builder.add(BlockKind.TABLE, table)
    builder.check_length(request.limits.max_text_characters)
    return ParsedDocument(
        text=builder.text,
        blocks=tuple(builder.blocks),
        findings=tuple(builder.findings),
        media_type=MediaType.CSV,
        metadata={"encoding": encoding, "delimiter": _NAMES.get(delimiter, delimiter), "rows": len(rows) - first},
    )


def _rows(text: str, delimiter: str) -> list[list[str]]:
    csv.field_size_limit(_LONGEST_FIELD)
    try:
        read = list(csv.reader(text.splitlines(keepends=True), delimiter=delimiter, skipinitialspace=True))
        is_runaway = any(cell.count("\n") > _MOST_LINES_IN_CELL for row in read for cell in row)
    except csv.Error:
        read, is_runaway = [], True
    if is_runaway:  # a quote that is never closed, such as an inch mark, swallows all that follows: it is no quote
        read = list(csv.reader(text.splitlines(), delimiter=delimiter, quoting=csv.QUOTE_NONE))
    rows = ([cell_text(cell) for cell in row] for row in read)
    return [row for row in rows if any(row)]


def _delimiter(text: str) -> str:
    """The sign that cuts most lines into the same number of fields, two or more."""
    lines = [line for line in itertools.islice(text[:_SAMPLE_CHARACTERS].split("\n"), _SAMPLE_LINES) if line.strip()]
    best, best_score = ",", 0.0
    for place, delimiter in enumerate(_DELIMITERS):
        widths = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter) if any(row))
        wide = [(count, width) for width, count in widths.items() if width > 1]
        if not wide:
            continue
        count, width = max(wide)
        share = sum(count for count, _ in wide) / max(1, sum(widths.values()))
        score = share * (count / sum(widths.values())) * min(width, 10) ** 0.3 * (0.99**place)
        score *= 0.3 if delimiter == ":" else 1.0
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _header(rows: Sequence[Sequence[str]]) -> int:
    """Where the header is: after lines of a title, which fill one cell where the table below fills several."""
    usual = Counter(_filled(row) for row in rows[:_SAMPLE_LINES])
    width = max((width for width, count in usual.items() if count > 1), default=max(usual, default=0))
    if width < 2:
        return 0
    for place, row in enumerate(rows[:_MOST_TITLE_ROWS]):
        if _filled(row) >= max(2, width - 1) or any(_NUMBER.match(cell) for cell in row if cell):
            return place
    return 0


def _filled(row: Sequence[str]) -> int:
    return sum(1 for cell in row if cell)
