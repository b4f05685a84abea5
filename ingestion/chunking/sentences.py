"""Cuts a span into sentences. Linear, without a model, the same on every machine."""

import re

_END = re.compile(r"[.!?…][\"'”’»)\]]*(?=\s)|[。！？؟।]|\n(?=[ \t]*(?:[-*+•]|\d{1,3}[.)])[ \t])|\n[ \t]*\n")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:[A-ZÄÖÜ]|Dr|Mr|Mrs|Ms|Prof|St|No|Nr|vs|etc|e\.g|i\.e|z\.B|d\.h|u\.a|bzw|ca|Abs|Art|Fig|Sr|Sra|"
    r"approx|Inc|Ltd|Co|Corp|p|pp|\d{1,2})\.$"
)
_LOOK_BACK = 12


def sentences(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Spans of the sentences between two offsets; together they cover everything but blanks.

    Args:
        text: The document's text.
        start: First character.
        end: Character after the last.
    """
    spans: list[tuple[int, int]] = []
    begin = start
    for match in _END.finditer(text, start, end):
        stop = match.end()
        if match[0].startswith(".") and _is_abbreviation(text, begin, stop):
            continue
        spans.append((begin, stop))
        begin = stop
    spans.append((begin, end))
    return [span for span in (_strip(text, *span) for span in spans) if span[0] < span[1]]


def _is_abbreviation(text: str, begin: int, stop: int) -> bool:
    before = text[max(begin, stop - _LOOK_BACK) : stop]
    if not _ABBREVIATION.search(before):
        return False
    following = text[stop : stop + 2].strip()
    return not (before[-2:-1].isdigit() and following[:1].isupper())


def _strip(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
