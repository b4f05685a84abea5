"""Passage -> sentences that can be quoted: prose sentences, list items, and table rows with their header."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

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
    """A quotable unit: `quote` is verbatim in the passage, `text` is how it reads on its own, `position` its order."""

    text: str
    quote: str
    position: int


def split_sentences(text: str) -> list[Sentence]:
    """Quotable units of a passage, in order. Headings and fragments of under three words are left out."""
    found: list[Sentence] = []
    for readable, quote in _units(text):
        if len(readable.split()) >= MIN_WORDS or ":" in readable or _has_no_spaces(readable):
            found.append(Sentence(readable, quote, len(found)))
    return found


def _has_no_spaces(text: str) -> bool:
    return len(text) >= 8 and " " not in text and not text.isascii()


def _units(text: str) -> Iterator[tuple[str, str]]:
    prose: list[str] = []
    header: list[str] | None = None
    for line in text.splitlines():
        if "|" in line and line.strip().startswith("|"):
            yield from _sentences_of(prose)
            prose = []
            cells = _cells(line)
            if _TABLE_RULE.match(line):
                continue
            if header is None:
                header = cells
                continue
            yield _row(header, cells), line.strip()
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


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _row(header: list[str], cells: list[str]) -> str:
    pairs = zip(header, cells, strict=False)
    return "; ".join(f"{name}: {value}" if name else value for name, value in pairs if value)


def _sentences_of(lines: list[str]) -> Iterator[tuple[str, str]]:
    block = "\n".join(lines)
    start = 0
    for boundary in _BOUNDARY.finditer(block):
        if _ENDS_IN_ABBREVIATION.search(block[start : boundary.start()]):
            continue
        yield from _unit(block[start : boundary.start()])
        start = boundary.end()
    yield from _unit(block[start:])


def _unit(quote: str) -> Iterator[tuple[str, str]]:
    stripped = _LIST_ITEM.sub("", quote.strip())
    readable = re.sub(r"(\*\*|__|`)", "", " ".join(stripped.split()))
    if readable:
        yield readable, quote.strip()
