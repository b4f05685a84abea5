"""From lines of a PDF to paragraphs, headings, lists and tables.

A PDF has none of them: it has characters at places. Headings are told by their font size against the body's, and by the
document's outline.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ingestion.parsing.builder import BLOCK_SEPARATOR, DocumentBuilder
from ingestion.parsing.pdf_lines import SOFT_HYPHEN, PrintedLine
from ingestion.parsing.pdf_tables import cells_of, tables_and_lines
from storage.records.parsed_document import BlockKind, Line

_WORD = re.compile(r"[^\W\d_]+")
_COMPOUND = re.compile(r"[^\W\d_]+-[^\W\d_]+")
_LAST_WORD = re.compile(r"[^\W\d_]+$")
_BULLET = re.compile(r"(?:[•·▪●◦‣–*-]|\(?\d{1,3}[.)]|[a-z][.)])(?:\s|$)")
_KEEP_HYPHEN = frozenset({"non", "self", "well", "quasi", "semi"})
_HEADING_RATIO = 1.15
_LONGEST_HEADING = 200
_MOST_LEVELS = 4
_WIDEST_GAP = 0.75
_SIZE_TOLERANCE = 0.75
_ROW_TOLERANCE = 2.0
_AFTER_LETTER = frozenset(".)")
_CJK = "\u3040"
_NO_BLANK = re.compile("[\u3040-\u30ff\u3400-\u9fff\uff00-\uffef]")  # Chinese and Japanese have none between words
_NOT_KEY = re.compile(r"[\W_]+")

Outline = dict[int, dict[str, int]]


@dataclass(frozen=True, slots=True)
class Headings:
    """Which lines are headings: those of larger font sizes, largest first, and those that the outline names."""

    sizes: tuple[float, ...]
    outline: Outline = field(default_factory=dict)
    smallest: float = 0.0  # below this no size is a heading's

    @classmethod
    def of(cls, pages: Iterable[list[PrintedLine]], outline: Outline | None = None) -> "Headings":
        """Take the size of most characters as the body's; noticeably larger ones are headings."""
        characters: Counter[float] = Counter()
        for page in pages:
            for line in page:
                characters[round(line.size * 2) / 2] += len(line.text)
        if not characters:
            return cls((), outline or {})
        body = characters.most_common(1)[0][0]
        larger = sorted((size for size in characters if size >= body * _HEADING_RATIO), reverse=True)
        return cls(tuple(larger), outline or {}, smallest=min(larger, default=1e9) - 0.25)

    def level(self, line: PrintedLine, page: int) -> int:
        """1 for the largest; 0 for a line that is no heading."""
        if self.outline and page in self.outline and len(line.text) <= _LONGEST_HEADING:
            named = self.outline[page].get(heading_key(line.text))
            if named:
                return min(named, _MOST_LEVELS)
        if line.size < self.smallest or line.is_upright:
            return 0
        size = round(line.size * 2) / 2
        if size not in self.sizes or len(line.text) > _LONGEST_HEADING or not _WORD.search(line.text):
            return 0
        return min(self.sizes.index(size) + 1, _MOST_LEVELS)


def heading_key(text: str) -> str:
    """A heading's text without what outline and page write differently."""
    return _NOT_KEY.sub("", text).casefold()


def known_compounds(pages: Iterable[list[PrintedLine]]) -> frozenset[str]:
    """The words with a hyphen of a document, to decide whether one at a line's end belongs to the word."""
    with_hyphen = " ".join(line.text for page in pages for line in page if "-" in line.text)
    return frozenset(_COMPOUND.findall(with_hyphen.lower()))


def write_page(
    builder: DocumentBuilder, lines: list[PrintedLine], *, page: int, headings: Headings, compounds: frozenset[str]
) -> tuple[int, int]:
    """Append a page's blocks.

    Returns:
        First and last character of the page in the document's text.
    """
    start: int | None = None
    for kind, group, level in _groups(lines, headings, page):
        if builder.position:
            builder.write(BLOCK_SEPARATOR)
        first = builder.position
        start = first if start is None else start
        if kind is BlockKind.TABLE:
            text, marks = _table(group, page, first)
        else:
            text, marks = _joined(group, page, compounds, first=first)
        builder.write(text)
        builder.mark(kind, first, builder.position, text=text, level=level, lines=marks)
    return (builder.position if start is None else start), builder.position


Group = tuple[BlockKind, list[PrintedLine], int]


def _groups(lines: list[PrintedLine], headings: Headings, page: int) -> Iterator[Group]:
    group: list[PrintedLine] = []
    group_level = 0
    firsts = {key[0] for key in headings.outline.get(page, ())}
    smallest = headings.smallest
    for item in tables_and_lines(lines):
        if isinstance(item, list):
            if group:
                yield _kind(group, group_level), group, group_level
            group = []
            yield BlockKind.TABLE, item, 0
            continue
        first = item.text[0]
        is_plain = item.size < smallest and (first.isalnum() and first.casefold()[:1] not in firsts if firsts else True)
        level = 0 if is_plain else headings.level(item, page)  # few lines need a closer look
        if group and (level != group_level or not _continues(group[-1], item)):
            yield _kind(group, group_level), group, group_level
            group = []
        group_level = level
        group.append(item)
    if group:
        yield _kind(group, group_level), group, group_level


def _kind(group: list[PrintedLine], level: int) -> BlockKind:
    if level:
        return BlockKind.HEADING
    return BlockKind.LIST if _BULLET.match(group[0].text) else BlockKind.PARAGRAPH


def _continues(previous: PrintedLine, line: PrintedLine) -> bool:
    gap = line.top - previous.bottom
    if 0 <= gap <= _WIDEST_GAP and line.size == previous.size:
        return True  # the next line of a paragraph, mostly
    height = max(previous.bottom - previous.top, previous.size, 1.0)
    if gap < 0 and line.left >= previous.right - _ROW_TOLERANCE and line.bottom > previous.top:
        return True  # beside it: a number set higher, or the line after it
    return -height <= gap <= _WIDEST_GAP * height and abs(previous.size - line.size) <= _SIZE_TOLERANCE


def _joined(
    group: list[PrintedLine], page: int, compounds: frozenset[str], *, first: int
) -> tuple[str, tuple[Line, ...]]:
    text = ""
    starts = []
    for line in group:
        addition = line.text
        if text:
            last, begin = text[-1], addition[0]
            if last == SOFT_HYPHEN or (last == "-" and text[-2:-1].isalnum()):
                text = _without_hyphen(text, addition, compounds)
            elif (not begin.isalpha() or addition[1:2] in _AFTER_LETTER) and _BULLET.match(addition):
                text += "\n"
            elif last < _CJK or begin < _CJK:
                text += " "
            else:
                text += _between(last, begin)
        starts.append(len(text))
        text += addition
    if text.endswith(SOFT_HYPHEN):
        text = text[:-1] + "-"
    marks = []
    for line, start, end in zip(group, starts, [*starts[1:], len(text)], strict=True):
        stop = start + len(line.text)
        marks.append(_mark(line, page, first + start, first + (stop if stop < end else end)))
    return text, tuple(marks)


def _between(last: str, first: str) -> str:
    return "" if _NO_BLANK.match(last) and _NO_BLANK.match(first) else " "


def _mark(line: PrintedLine, page: int, start: int, end: int) -> Line:
    return Line(start, end, page, line.left, line.top, line.right, line.bottom)


def _table(rows: list[PrintedLine], page: int, first: int) -> tuple[str, tuple[Line, ...]]:
    """A table as Markdown; its first row is the header."""
    text, marks = "", []
    for number, (row, cells) in enumerate(zip(rows, cells_of(rows), strict=True)):
        start = len(text)
        text += "| " + " | ".join(cell.replace("|", "\\|").replace(SOFT_HYPHEN, "-") for cell in cells) + " |"
        marks.append(_mark(row, page, first + start, first + len(text)))
        if number == 0:
            text += "\n|" + " --- |" * len(cells)
        if number < len(rows) - 1:
            text += "\n"
    return text, tuple(marks)


def _without_hyphen(text: str, following: str, compounds: frozenset[str]) -> str:
    """Join `exam-` and `ple`; keep the hyphen of `non-reversible`, of names, of numbers and of known compounds."""
    head = _LAST_WORD.search(text[-60:-1])
    tail = _WORD.match(following)
    if head is None or tail is None or not tail[0].islower():
        return text[:-1] + "-"
    first = head[0].lower()
    before = len(text) - len(text[-60:]) + head.start()
    is_compound = (
        first in _KEEP_HYPHEN
        or text[:before].endswith("-")
        or following[tail.end() : tail.end() + 1] == "-"
        or f"{first}-{tail[0]}" in compounds
    )
    return text[:-1] + ("-" if is_compound else "")
