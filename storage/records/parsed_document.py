"""What a parser returns: one text, and where each part of it came from.

Every position is an offset into `ParsedDocument.text`, so that a citation leads back to the character.
Nothing here knows a file format, a chunk or a database.
"""

import enum

from pydantic import Field

from storage.records.record import Record


class BlockKind(enum.StrEnum):
    """What a block is to a reader."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST = "list"
    TABLE = "table"
    CODE = "code"


class Line(Record):
    """A printed line: its characters and its box in points from the page's top left."""

    char_start: int
    char_end: int
    page: int
    left: float
    top: float
    right: float
    bottom: float


class Block(Record):
    """A run of text that belongs together. `heading_path` names the headings above it, outermost first."""

    kind: BlockKind
    char_start: int
    char_end: int
    heading_path: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()


class PageSpan(Record):
    """The characters of one page; numbers start at 1."""

    number: int
    char_start: int
    char_end: int


class ParsedDocument(Record):
    """A document as text. `missing_pages` maps a page number to the reason why it has no text."""

    text: str
    blocks: tuple[Block, ...] = ()
    pages: tuple[PageSpan, ...] = ()
    title: str | None = None
    author: str | None = None
    language: str | None = None
    page_count: int | None = None
    missing_pages: dict[str, str] = Field(default_factory=dict)
    media_type: str = "text/plain"
    metadata: dict[str, str | int | bool] = Field(default_factory=dict)
