"""Passage -> sentences that can be quoted: prose sentences, list items, and table rows with their header."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

MIN_WORDS = 3

_ABBREVIATIONS = (
    r"e\.g|i\.e|etc|approx|no|nr|dr|mr|mrs|ms|st|vs|fig|inc|ltd|co|z\.\s?b|d\.\s?h|bzw|ca|usw|inkl|exkl|ggf|evtl|abs|art|"
    r"p\.\s?ej|sr|sra|ud|uds|núm|pág|tel|max|min|jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec"
)
_ENDS_IN_ABBREVIATION = re.compile(rf"(?:^|[\s(])(?:{_ABBREVIATIONS}|[A-ZÄÖÜ]|\d{{1,2}})\.$", re.IGNORECASE)
_BOUNDARY = re.compile(r"(?<=[.!?…])[\"'»”)\]]*\s+(?=[\"'«„“(\[]?[A-ZÄÖÜÁÉÍÓÚÑ¿¡0-9])|(?<=[。！？])")
_LIST_ITEM = re.compile(r"^\s*(?:[-*•–]|\d{1,2}[.)]|[a-z]\))\s+")
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s")
_TABLE_RULE = re.compile(r"^\s*\|?[\s:|-]*-{2,}[\s:|-]*\|?\s*$")


@dataclass(frozen=True)
class Sentence:
    """A quotable unit of a passage.

    `text` is how it reads on its own; `quote` is verbatim in the passage, from character `start`; `position` is its order;
    `header` is the header row, verbatim, of a table's row.
    """

    text: str
    quote: str
    position: int
    start: int
    header: str | None = None

    @property
    def end(self) -> int:
        """Where the quote ends."""
        return self.start + len(self.quote)


def split_sentences(text: str, table_header: str | None = None) -> list[Sentence]:
    """Quotable units of a passage, in order. Headings and fragments of under three words are left out.

    Args:
        text: The passage.
        table_header: Header row of the table that the passage begins in the middle of, if it does.
    """
    found: list[Sentence] = []
    position = 0
    for readable, quote, header in _units(text, table_header):
        position = text.index(quote, position)  # units come in order and are verbatim
        if len(readable.split()) >= MIN_WORDS or ":" in readable or _has_no_spaces(readable):
            found.append(Sentence(readable, quote, len(found), position, header))
        position += len(quote)
    return found


def _has_no_spaces(text: str) -> bool:
    return len(text) >= 8 and " " not in text and not text.isascii()


def table_header(heading_path: Sequence[str]) -> str | None:
    """The header row that the chunker put at the end of a path when the passage goes on with an earlier table."""
    return heading_path[-1] if heading_path and _is_table_line(heading_path[-1]) else None


def _units(text: str, table_header: str | None) -> Iterator[tuple[str, str, str | None]]:
    prose: list[str] = []
    header = table_header
    lines = text.split("\n")  # no other line end: a quote must be verbatim, and lines are joined again with this one
    for line, following in zip_longest(lines, lines[1:], fillvalue=""):
        if _is_table_line(line):
            yield from _sentences_of(prose)
            prose = []
            if _is_table_line(following) and _TABLE_RULE.match(following):
                header = line.strip()
            elif not _TABLE_RULE.match(line):
                yield _row(_cells(header or ""), _cells(line)), line.strip(), header
            continue
        header = None
        if not line.strip() or _HEADING.match(line):
            yield from _sentences_of(prose)
            prose = []
        elif _LIST_ITEM.match(line):
            yield from _sentences_of(prose)
            prose = [line]
        else:
            prose.append(line)
    yield from _sentences_of(prose)


def _is_table_line(line: str) -> bool:
    return line.strip().startswith("|")


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _row(header: list[str], cells: list[str]) -> str:
    pairs = zip_longest(header[: len(cells)], cells, fillvalue="")
    return "; ".join(f"{name}: {value}" if name else value for name, value in pairs if value)


def _sentences_of(lines: list[str]) -> Iterator[tuple[str, str, None]]:
    block = "\n".join(lines)
    start = 0
    for boundary in _BOUNDARY.finditer(block):
        if _ENDS_IN_ABBREVIATION.search(block[start : boundary.start()]):
            continue
        yield from _unit(block[start : boundary.start()])
        start = boundary.end()
    yield from _unit(block[start:])


def _unit(quote: str) -> Iterator[tuple[str, str, None]]:
    stripped = _LIST_ITEM.sub("", quote.strip())
    readable = re.sub(r"(\*\*|__|`)", "", " ".join(stripped.split()))
    if readable:
        yield readable, quote.strip(), None
