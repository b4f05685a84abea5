"""The interface of chunkers, and what they share: counting tokens and finding pages and boxes of a span."""

import itertools
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from storage.records.chunk_draft import ChunkDraft
from storage.records.parsed_document import Line, ParsedDocument

TokenOffsets = Callable[[str], Sequence[tuple[int, int]]]

_SEGMENT_CHARACTERS = 100_000


class Chunker(Protocol):
    """Cuts a document into passages. The same document gives the same passages, always."""

    @property
    def name(self) -> str:
        """Name and settings in a few characters; it is part of the pipeline version."""
        ...

    def chunk(self, document: ParsedDocument) -> list[ChunkDraft]:
        """The passages of a document, in order; `document.text[char_start:char_end]` is a passage's text."""
        ...


class TokenIndex:
    """Where each token of a text starts and ends, so that any span is counted without tokenizing again."""

    def __init__(self, text: str, offsets: TokenOffsets) -> None:
        starts: list[int] = []
        ends: list[int] = []
        position = 0
        while position < len(text):
            stop = _segment_end(text, position)
            for start, end in offsets(text[position:stop]):
                starts.append(position + start)
                ends.append(position + end)
            position = stop
        self._starts = np.asarray(starts, dtype=np.int64)
        self._ends = np.asarray(ends, dtype=np.int64)

    def __len__(self) -> int:
        return len(self._starts)

    def count(self, start: int, end: int) -> int:
        """Tokens that start inside a span."""
        low, high = np.searchsorted(self._starts, (start, end))
        return int(high - low)

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Characters from the first to the last token, both included."""
        return int(self._starts[first]), int(self._ends[last])

    def cut(self, start: int, end: int, most: int) -> list[tuple[int, int]]:
        """Cut a span into pieces of at most so many tokens, together covering it."""
        low, high = (int(value) for value in np.searchsorted(self._starts, (start, end)))
        edges = [start, *(int(self._starts[index]) for index in range(low + most, high, most)), end]
        return list(itertools.pairwise(edges))


def draft(document: ParsedDocument, places: "Places", *, ordinal: int, start: int, end: int, tokens: int,
          heading_path: tuple[str, ...], parent: tuple[int, int] | None = None) -> ChunkDraft:  # fmt: skip
    """A chunk with its pages and boxes."""
    pages, boxes = places.of(start, end)
    return ChunkDraft(
        ordinal=ordinal,
        text=document.text[start:end],
        char_start=start,
        char_end=end,
        token_count=tokens,
        heading_path=heading_path,
        page_start=pages[0] if pages else None,
        page_end=pages[-1] if pages else None,
        boxes=boxes or None,
        flags=places.flags(start, end),
        parent=parent,
    )


class Places:
    """Pages, line boxes and findings of a document, looked up by span."""

    def __init__(self, document: ParsedDocument) -> None:
        self._pages = document.pages
        self._lines: list[Line] = sorted(
            (line for block in document.blocks for line in block.lines), key=lambda line: line.char_start
        )
        self._line_ends = [line.char_end for line in self._lines]
        self._page_ends = [page.char_end for page in self._pages]
        self._findings = [
            (finding.char_start, finding.char_end, finding.kind.value)
            for finding in document.findings
            if finding.char_start is not None and finding.char_end is not None
        ]

    def of(self, start: int, end: int) -> tuple[list[int], tuple[tuple[float, float, float, float, float], ...]]:
        """Page numbers and boxes that a span touches."""
        pages = []
        for page in self._pages[bisect_left(self._page_ends, start + 1) :]:
            if page.char_start >= end:
                break
            pages.append(page.number)
        boxes = []
        for line in self._lines[bisect_left(self._line_ends, start + 1) :]:
            if line.char_start >= end:
                break
            boxes.append((float(line.page), line.left, line.top, line.right, line.bottom))
        return pages, tuple(boxes)

    def flags(self, start: int, end: int) -> tuple[str, ...]:
        """Kinds of what the parser found inside a span, or at a place of its own within it."""
        return tuple(sorted({kind for first, last, kind in self._findings if first <= end and last >= start}))


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without blanks at its ends; empty when there is nothing else."""
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    return start + left, max(start + left, end - (len(piece) - len(piece.rstrip())))


def _segment_end(text: str, position: int) -> int:
    """Long texts are tokenized in parts that end at a blank, where no token can straddle."""
    stop = position + _SEGMENT_CHARACTERS
    if stop >= len(text):
        return len(text)
    while stop > position and not text[stop].isspace():
        stop -= 1
    return stop if stop > position else position + _SEGMENT_CHARACTERS
