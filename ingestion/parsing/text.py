"""Plain text: find the encoding, then cut into paragraphs at blank lines."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ingestion.errors import ParseError
from ingestion.parsing.builder import DocumentBuilder
from ingestion.parsing.request import ParseRequest
from storage.records.failure_type import FailureType
from storage.records.parsed_document import BlockKind, ParsedDocument

# Longest first: the UTF-32 mark starts with the UTF-16 one.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_MOST_CONTROL_SHARE = 0.005
_SAMPLE_BYTES = 4096


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
    text, encoding = read_text(request.path, limit=request.limits.max_text_characters)
    builder = DocumentBuilder()
    builder.write(text)
    paragraph: list[Row] = []
    for row in [*rows_of(text), Row(len(text), "")]:
        if not row.is_blank:
            paragraph.append(row)
        elif paragraph:
            builder.mark(BlockKind.PARAGRAPH, paragraph[0].start, paragraph[-1].end, text="")
            paragraph = []
    return ParsedDocument(text=text, blocks=tuple(builder.blocks), metadata={"encoding": encoding})


def read_text(path: Path, *, limit: int) -> tuple[str, str]:
    r"""Decode a text file.

    UTF-8, UTF-16 and UTF-32 with a mark; UTF-8 and UTF-16 without one; Windows-1252 when nothing else fits.
    Line ends become `\n`; nothing else changes.

    Args:
        path: The file.
        limit: Most characters allowed.

    Returns:
        The text, and the name of the encoding.

    Raises:
        ParseError: Empty, binary or too long.
    """
    data = path.read_bytes()
    text, encoding = _decode(data)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise ParseError(FailureType.EMPTY, "The file has no text, only blanks. Check that it is the right file.")
    if len(_CONTROL.findall(text)) > max(2, _MOST_CONTROL_SHARE * len(text)):
        raise ParseError(
            FailureType.UNSUPPORTED,
            "The file is binary data of no known format, not text. Save it as PDF, DOCX, Markdown or text.",
        )
    if len(text) > limit:
        raise ParseError(
            FailureType.TOO_LARGE,
            f"The text has {len(text):,} characters; at most {limit:,} are read. Split the file into parts.",
        )
    return _CONTROL.sub(" ", text), encoding  # PostgreSQL refuses NUL; one blank for one character keeps offsets


def _decode(data: bytes) -> tuple[str, str]:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strict(data[len(mark) :], encoding), encoding
    unmarked = _utf16_without_mark(data)
    if unmarked:
        return _strict(data, unmarked), unmarked
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace"), "cp1252"


def _strict(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ParseError(
            FailureType.DAMAGED,
            f"The file is marked as {encoding.upper()} text, but it is cut off or damaged at byte {error.start}."
            " Save it again as UTF-8.",
        ) from error


def _utf16_without_mark(data: bytes) -> str | None:
    """Mostly Latin text in UTF-16 shows as a zero in every second byte."""
    sample = data[:_SAMPLE_BYTES]
    if len(sample) < 4 or len(data) % 2:
        return None
    half = len(sample) // 2
    if sample[1::2].count(0) > 0.7 * half and not sample[0::2].count(0):
        return "utf-16-le"
    if sample[0::2].count(0) > 0.7 * half and not sample[1::2].count(0):
        return "utf-16-be"
    return None
