"""What a parser returns: one text, and where each part of it came from.

Every position is an offset into `ParsedDocument.text`, so that a citation leads back to the character.
Nothing here knows a file format, a chunk or a database.
"""

import enum
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from pydantic import Field, InstanceOf, field_serializer

from storage.records.record import Record


class BlockKind(enum.StrEnum):
    """What a block is to a reader."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST = "list"
    TABLE = "table"
    CODE = "code"


class Line(NamedTuple):
    """A printed line: its characters and its box in points from the page's top left.

    A long document has tens of thousands, so it is no `Record`: those take ten times as long to make.
    """

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
    lines: tuple[InstanceOf[Line], ...] = ()  # checked where they are made: each here again would take longer


class PageSpan(Record):
    """The characters of one page; numbers start at 1.

    `ocr_confidence` is the mean of Tesseract's word confidences, 0 to 100, weighted by length; null where the text was
    not read from a picture.
    """

    number: int
    char_start: int
    char_end: int
    ocr_confidence: float | None = None


class FindingKind(enum.StrEnum):
    """What a parser noticed that a reader should know."""

    HIDDEN_TEXT = "hidden_text"  # text that a person who looks at the page does not see; left out of the text
    ATTACHMENT = "attachment"  # a file inside the file; its name and size, not its content
    ACTIVE_CONTENT = "active_content"  # a macro, script or external reference; never followed
    TRUNCATED = "truncated"  # more rows, frames or parts than are read


class Finding(Record):
    """Something noticed, at a place of the text if it has one.

    `char_start == char_end` where what was found stood there but is not part of the text; null where it concerns the
    whole document.
    """

    kind: FindingKind
    detail: str
    char_start: int | None = None
    char_end: int | None = None
    page: int | None = None


class ParsedDocument(Record):
    """A document as text. `missing_pages` maps a page number to the reason why it has no text.

    `created_at` and `modified_at` are what the document says of itself.
    """

    text: str
    blocks: Sequence[Block] = ()
    pages: tuple[PageSpan, ...] = ()
    title: str | None = None
    author: str | None = None
    language: str | None = None
    page_count: int | None = None
    created_at: datetime | None = None
    modified_at: datetime | None = None
    missing_pages: dict[str, str] = Field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    media_type: str = "text/plain"
    metadata: dict[str, str | int | bool] = Field(default_factory=dict)

    @field_serializer("blocks")
    def _as_tuple(self, blocks: Sequence[Block]) -> tuple[Block, ...]:
        return tuple(blocks)  # whatever keeps them
