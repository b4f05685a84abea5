"""From the characters of a PDF page to lines, and from lines to paragraphs and headings.

A PDF has neither: it has characters at places. Headings are told by their font size against the body's.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from ingestion.parsing.builder import BLOCK_SEPARATOR, DocumentBuilder
from storage.records.parsed_document import BlockKind, Line

SOFT_HYPHEN = "\x02"  # PDFium writes it for a hyphen at the end of a line
_WORD = re.compile(r"[^\W\d_]+")
_BULLET = re.compile(r"(?:[•·▪●◦‣–*-]|\(?\d{1,3}[.)]|[a-z][.)])\s")
_HEADING_RATIO = 1.15
_LONGEST_HEADING = 200
_MOST_LEVELS = 4
_WIDEST_GAP = 0.75
_SIZE_TOLERANCE = 0.75


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """One line as printed: text, font size in points, and its box from the page's top left."""

    text: str
    size: float
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class HeadingSizes:
    """Which font sizes are headings, largest first."""

    sizes: tuple[float, ...]

    @classmethod
    def of(cls, pages: list[list[PrintedLine]]) -> "HeadingSizes":
        """Take the size of most characters as the body's; noticeably larger ones are headings."""
        characters: Counter[float] = Counter()
        for line in (line for page in pages for line in page):
            characters[_rounded(line.size)] += len(line.text)
        if not characters:
            return cls(())
        body = characters.most_common(1)[0][0]
        larger = sorted((size for size in characters if size >= body * _HEADING_RATIO), reverse=True)
        return cls(tuple(larger))

    def level(self, line: PrintedLine) -> int:
        """1 for the largest; 0 for a line that is no heading."""
        size = _rounded(line.size)
        if size not in self.sizes or len(line.text) > _LONGEST_HEADING or not _WORD.search(line.text):
            return 0
        return min(self.sizes.index(size) + 1, _MOST_LEVELS)


def known_words(pages: list[list[PrintedLine]]) -> frozenset[str]:
    """The words of a document, to decide whether a hyphen at a line's end belongs to the word."""
    return frozenset(word.lower() for page in pages for line in page for word in _WORD.findall(line.text))


def write_page(
    builder: DocumentBuilder, lines: list[PrintedLine], *, page: int, headings: HeadingSizes, words: frozenset[str]
) -> tuple[int, int]:
    """Append a page's blocks.

    Returns:
        First and last character of the page in the document's text.
    """
    start: int | None = None
    for group, level in _groups(lines, headings):
        text, marks = _joined(group, page, words)
        before = builder.position
        builder.add(BlockKind.HEADING if level else BlockKind.PARAGRAPH, text, level=level, lines=marks)
        if start is None and builder.position > before:
            start = before + (len(BLOCK_SEPARATOR) if before else 0)
    return (builder.position if start is None else start), builder.position


def _groups(lines: list[PrintedLine], headings: HeadingSizes) -> Iterator[tuple[list[PrintedLine], int]]:
    group: list[PrintedLine] = []
    group_level = 0
    for line in lines:
        level = headings.level(line)
        if group and (level != group_level or not _continues(group[-1], line)):
            yield group, group_level
            group = []
        group_level = level
        group.append(line)
    if group:
        yield group, group_level


def _continues(previous: PrintedLine, line: PrintedLine) -> bool:
    height = max(previous.bottom - previous.top, previous.size, 1.0)
    gap = line.top - previous.bottom
    same_size = abs(previous.size - line.size) <= _SIZE_TOLERANCE
    return same_size and -height <= gap <= _WIDEST_GAP * height


def _joined(group: list[PrintedLine], page: int, words: frozenset[str]) -> tuple[str, tuple[Line, ...]]:
    text, marks = "", []
    for line in group:
        addition = line.text
        if text.endswith(SOFT_HYPHEN):
            text = _without_hyphen(text, addition, words)
        elif text:
            text += "\n" if _BULLET.match(addition) else " "
        start = len(text)
        text += addition
        marks.append(
            Line(
                char_start=start,
                char_end=len(text),
                page=page,
                left=line.left,
                top=line.top,
                right=line.right,
                bottom=line.bottom,
            )
        )
    cleaned = text.replace(SOFT_HYPHEN, "-")
    return cleaned, tuple(mark.model_copy(update={"char_end": min(mark.char_end, len(cleaned))}) for mark in marks)


def _without_hyphen(text: str, following: str, words: frozenset[str]) -> str:
    """Join `exam-` and `ple` where `example` is a word of the document; keep the hyphen of `non-reversible`."""
    head = _WORD.findall(text[-60:-1])
    tail = _WORD.match(following)
    if head and tail and (head[-1] + tail[0]).lower() in words:
        return text[:-1]
    return text[:-1] + "-"


def _rounded(size: float) -> float:
    return round(size * 2) / 2
