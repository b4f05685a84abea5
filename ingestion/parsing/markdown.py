"""Markdown: the text stays as written; headings, lists, tables, code and paragraphs are marked in it.

A line scanner instead of a Markdown library: it must keep exact offsets, and it is linear on hostile input.
"""

import re
from bisect import bisect_right
from typing import NamedTuple

from ingestion.errors import ParseError
from ingestion.parsing.builder import DocumentBuilder
from ingestion.parsing.cleaning import Hidden
from ingestion.parsing.request import ParseRequest
from ingestion.parsing.text import Row, read_text, rows_of
from storage.records.failure_type import FailureType
from storage.records.parsed_document import BlockKind, FindingKind, ParsedDocument

_ATX = re.compile(r" {0,3}(#{1,6})(?=[ \t]|$)")
_SETEXT = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+\S")
_TABLE_RULE = re.compile(r" {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_FRONT_MATTER_FIELD = re.compile(r"(title|author)[ \t]*:[ \t]*(.+)", re.IGNORECASE)
_MOST_FRONT_MATTER_LINES = 100
_FEWEST_WORDS = 4
_SHOWN_CHARACTERS = 120
_LOOK_BACK = 300


class _Comment(NamedTuple):
    """A comment: where it stood, how long it was with its marks, and what it said."""

    position: int
    length: int
    text: str


def parse_markdown(request: ParseRequest) -> ParsedDocument:
    """Read Markdown.

    Raises:
        ParseError: Empty, binary or too long.
    """
    text, encoding, hidden = read_text(request.path, limit=request.limits.max_text_characters)
    text, comments = _without_comments(text)
    if not text.strip():
        raise ParseError(FailureType.EMPTY, "The file has only comments, which no reader sees. Check what it is.")
    rows = list(rows_of(text))
    fields, index = _front_matter(rows)
    builder = DocumentBuilder()
    builder.write(text)
    title = fields.get("title")
    while index < len(rows):
        if rows[index].is_blank:
            index += 1
            continue
        stop, kind, level, heading = _block(rows, index)
        if kind is BlockKind.HEADING and title is None and level == 1:
            title = heading
        builder.mark(kind, rows[index].start, rows[stop - 1].end, text=heading, level=level)
        index = stop
    for found in hidden:
        before = sum(comment.length for comment in comments if comment.position < found.position)
        builder.note_hidden(Hidden(max(0, found.position - before), found.detail))
    left_out = 0
    for comment in comments:
        if len(comment.text.split()) >= _FEWEST_WORDS:  # shorter ones are marks for programs
            detail = f"A comment is not shown to readers: “{comment.text[:_SHOWN_CHARACTERS]}”"
            builder.find(FindingKind.HIDDEN_TEXT, detail, at=comment.position - left_out)
        left_out += comment.length
    return ParsedDocument(
        text=text,
        blocks=tuple(builder.blocks),
        findings=tuple(builder.findings),
        title=title,
        author=fields.get("author"),
        metadata={"encoding": encoding},
    )


def _without_comments(text: str) -> tuple[str, list[_Comment]]:
    """The text without HTML comments, which no reader sees; those in code stay."""
    if "<!--" not in text:
        return text, []
    code = _code_spans(text)
    parts: list[str] = []
    comments: list[_Comment] = []
    last = 0
    start = text.find("<!--")
    while start >= 0:
        end = text.find("-->", start + 4)
        if end < 0:
            break
        place = bisect_right(code, (start, len(text)))
        line = text[max(0, start - _LOOK_BACK) : start].rsplit("\n", 1)[-1]
        if (place and start < code[place - 1][1]) or line.count("`") % 2:
            end = start + 1
        else:
            comments.append(_Comment(start, end + 3 - start, " ".join(text[start + 4 : end].split())))
            parts.append(text[last:start])
            last = end = end + 3
        start = text.find("<!--", end)
    return "".join([*parts, text[last:]]), comments


def _code_spans(text: str) -> list[tuple[int, int]]:
    """Where fenced code begins and ends."""
    rows = list(rows_of(text))
    spans: list[tuple[int, int]] = []
    index = 0
    while index < len(rows):
        fence = _FENCE.match(rows[index].text)
        if fence:
            stop = _end_of_fence(rows, index, fence[1])
            spans.append((rows[index].start, rows[stop - 1].end))
            index = stop
        else:
            index += 1
    return spans


def _front_matter(rows: list[Row]) -> tuple[dict[str, str], int]:
    if rows[0].text.strip() != "---":
        return {}, 0
    fields: dict[str, str] = {}
    for number, row in enumerate(rows[1:_MOST_FRONT_MATTER_LINES], start=1):
        if row.text.strip() in ("---", "..."):
            return fields, number + 1
        if found := _FRONT_MATTER_FIELD.match(row.text):
            fields[found[1].lower()] = found[2].strip().strip("\"'")
    return {}, 0


def _block(rows: list[Row], index: int) -> tuple[int, BlockKind, int, str]:
    """The block that starts at a row: the row after it, its kind, its level and its heading text."""
    text = rows[index].text
    if heading := _ATX.match(text):
        return index + 1, BlockKind.HEADING, len(heading[1]), _heading_text(text)
    if fence := _FENCE.match(text):
        return _end_of_fence(rows, index, fence[1]), BlockKind.CODE, 0, ""
    following = rows[index + 1].text if index + 1 < len(rows) else ""
    if "|" in text and _TABLE_RULE.match(following):
        return _end_of_table(rows, index), BlockKind.TABLE, 0, ""
    if _ITEM.match(text):
        return _end_of_list(rows, index), BlockKind.LIST, 0, ""
    if _SETEXT.match(following) and not _SETEXT.match(text):
        return index + 2, BlockKind.HEADING, 1 if "=" in following else 2, text.strip()
    stop = index + 1
    while stop < len(rows) and not rows[stop].is_blank and not _starts_block(rows[stop].text):
        stop += 1
    return stop, BlockKind.PARAGRAPH, 0, ""


def _heading_text(line: str) -> str:
    name = line.strip().lstrip("#").strip()
    closed = name.rstrip("#")
    return closed.rstrip() if not closed or closed[-1] in " \t" else name


def _starts_block(text: str) -> bool:
    return bool(_ATX.match(text) or _FENCE.match(text) or _ITEM.match(text))


def _end_of_fence(rows: list[Row], index: int, mark: str) -> int:
    for stop in range(index + 1, len(rows)):
        line = rows[stop].text.strip()
        if line.startswith(mark) and not line.strip(mark[0]):
            return stop + 1
    return len(rows)


def _end_of_table(rows: list[Row], index: int) -> int:
    stop = index + 2
    while stop < len(rows) and "|" in rows[stop].text:
        stop += 1
    return stop


def _end_of_list(rows: list[Row], index: int) -> int:
    """A list goes on over indented lines and over one blank line that another item follows."""
    stop = index + 1
    while stop < len(rows):
        row = rows[stop]
        if row.is_blank:
            after = rows[stop + 1].text if stop + 1 < len(rows) else ""
            if not _ITEM.match(after):
                return stop
        elif _ATX.match(row.text) or _FENCE.match(row.text):
            return stop
        stop += 1
    return stop
