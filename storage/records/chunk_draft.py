"""A chunk before it has an id: what a chunker returns."""

from storage.records.record import Record


class ChunkDraft(Record):
    """One passage: `document.text[char_start:char_end] == text`.

    `boxes` are `(page, left, top, right, bottom)` in points from the page's top left. `flags` are the kinds of
    findings at the passage's place. `parent` is the span, around the passage's own, that a reader is given with it.
    """

    ordinal: int
    text: str
    char_start: int
    char_end: int
    token_count: int
    heading_path: tuple[str, ...] = ()
    page_start: int | None = None
    page_end: int | None = None
    boxes: tuple[tuple[float, float, float, float, float], ...] | None = None
    flags: tuple[str, ...] = ()
    parent: tuple[int, int] | None = None
