"""Plain text: find the encoding, drop what nobody sees, then cut into paragraphs at blank lines."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ingestion.errors import ParseError
from ingestion.parsing.builder import DocumentBuilder
from ingestion.parsing.cleaning import Hidden, clean
from ingestion.parsing.encoding import decode
from ingestion.parsing.large_text import CONTROL, LARGE_BYTES, MOST_CONTROL_SHARE, parse_large_text
from ingestion.parsing.request import ParseRequest
from storage.records.failure_type import FailureType
from storage.records.parsed_document import BlockKind, ParsedDocument


class ReadText(NamedTuple):
    """A decoded and cleaned text, the name of its encoding, and what invisible characters hid in it."""

    text: str
    encoding: str
    hidden: tuple[Hidden, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a text, without its line end, and where it starts."""

    start: int
    text: str

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.start + len(self.text)

    @property
    def is_blank(self) -> bool:
        """Whether it has nothing but blanks."""
        return not self.text.strip()


def rows_of(text: str) -> Iterator[Row]:
    """The lines of a text, in order."""
    start = 0
    for line in text.split("\n"):
        yield Row(start, line)
        start += len(line) + 1


def parse_text(request: ParseRequest) -> ParsedDocument:
    """Read plain text.

    Raises:
        ParseError: Empty, binary, too long, or in an encoding that cannot be told.
    """
    if request.path.stat().st_size > LARGE_BYTES:
        return parse_large_text(request)
    text, encoding, hidden = read_text(request.path, limit=request.limits.max_text_characters)
    builder = DocumentBuilder()
    builder.write(text)
    paragraph: list[Row] = []
    for row in [*rows_of(text), Row(len(text), "")]:
        if not row.is_blank:
            paragraph.append(row)
        elif paragraph:
            builder.mark(BlockKind.PARAGRAPH, paragraph[0].start, paragraph[-1].end, text="")
            paragraph = []
    for found in hidden:
        builder.note_hidden(found)
    return ParsedDocument(
        text=text,
        blocks=tuple(builder.blocks),
        findings=tuple(builder.findings),
        metadata={"encoding": encoding},
    )


def read_text(path: Path, *, limit: int) -> ReadText:
    r"""Decode a text file and clean it.

    Line ends become `\n`, the text becomes Unicode NFC, and characters that nobody sees go.

    Args:
        path: The file.
        limit: Most characters allowed.

    Returns:
        The text, its encoding and what was hidden in it.

    Raises:
        ParseError: Empty, binary or too long.
    """
    text, encoding = decode(path.read_bytes())
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise ParseError(FailureType.EMPTY, "The file has no text, only blanks. Check that it is the right file.")
    if len(CONTROL.findall(text)) > max(2, MOST_CONTROL_SHARE * len(text)):
        raise ParseError(
            FailureType.UNSUPPORTED,
            "The file is binary data of no known format, not text. Save it as PDF, DOCX, Markdown or text.",
        )
    if len(text) > limit:
        raise ParseError(
            FailureType.TOO_LARGE,
            f"The text has {len(text):,} characters; at most {limit:,} are read. Split the file into parts.",
        )
    text, hidden = clean(CONTROL.sub(" ", text))  # PostgreSQL refuses NUL; one blank for one character
    if not text.strip():
        raise ParseError(FailureType.EMPTY, "The file has only characters that nobody sees. Check what it is.")
    return ReadText(text, encoding, hidden)
