"""Plain text of any length, in little memory: a block is read, decoded, cut into paragraphs and handed on.

What `text.py` does with a whole text at once, with the same result; a parser process could not hold a text of 200 MB
several times, nor its paragraphs.
"""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from ingestion.errors import ParseError
from ingestion.parsing import progress
from ingestion.parsing.builder import DocumentBuilder
from ingestion.parsing.cleaning import Hidden, clean
from ingestion.parsing.encoding import FileEncoding, encoding_of_file
from ingestion.parsing.request import ParseRequest
from storage.records.failure_type import FailureType
from storage.records.parsed_document import Block, BlockKind, ParsedDocument

LARGE_BYTES = 8 << 20
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
MOST_CONTROL_SHARE = 0.005
_BLOCK_BYTES = 1 << 20
_LONGEST_LINE = 1 << 20
_BLANKS = "The file has no text, only blanks. Check that it is the right file."
_BINARY = "The file is binary data of no known format, not text. Save it as PDF, DOCX, Markdown or text."


def parse_large_text(request: ParseRequest) -> ParsedDocument:
    """Read plain text piece by piece; where somebody takes the pieces, the document comes without them.

    Raises:
        ParseError: Empty, binary, or too long.
    """
    encoding = encoding_of_file(request.path)
    reader = _Reader(request.path, encoding, limit=request.limits.max_text_characters)
    kept_text: list[str] = []
    kept_blocks: list[Block] = []
    for text, blocks in reader.parts():
        if not progress.hand_over(text, blocks):
            kept_text.append(text)
            kept_blocks += blocks
    return ParsedDocument(
        text="".join(kept_text),
        blocks=tuple(kept_blocks),
        findings=tuple(reader.notes.findings),
        metadata={"encoding": encoding.name},
    )


class _Reader:
    """One pass through a file. `notes` holds what was hidden in it."""

    def __init__(self, path: Path, encoding: FileEncoding, *, limit: int) -> None:
        self.notes = DocumentBuilder()
        self._path, self._encoding, self._limit = path, encoding, limit
        self._length = self._read = self._controls = 0
        self._paragraph: tuple[int, int] | None = None
        self._finished: list[Block] = []

    def parts(self) -> Iterator[tuple[str, list[Block]]]:
        """The text in pieces, each with the paragraphs that end in it.

        Raises:
            ParseError: Empty, binary, cut off or too long; some pieces may have come before.
        """
        has_text = False
        for piece in self._whole_lines():
            self._read += len(piece)
            self._check_length(self._read)
            self._controls += len(CONTROL.findall(piece))
            cleaned = clean(CONTROL.sub(" ", piece))
            for hidden in cleaned.hidden:
                self.notes.note_hidden(Hidden(self._length + hidden.position, hidden.detail))
            self._cut(cleaned.text)
            has_text = has_text or bool(self._finished) or self._paragraph is not None
            self._length += len(cleaned.text)
            yield cleaned.text, self._taken()
        self._end_paragraph()
        if self._controls > max(2, MOST_CONTROL_SHARE * self._read):
            raise ParseError(FailureType.UNSUPPORTED, _BINARY)
        if not has_text:
            raise ParseError(FailureType.EMPTY, _BLANKS)
        yield "", self._taken()

    def _whole_lines(self) -> Iterator[str]:
        """Pieces of the text that end with a line, with plain line ends; a very long line is cut."""
        rest = ""
        for decoded in self._decoded():
            text = rest + decoded
            end = max(text.rfind("\n"), text.rfind("\r", 0, len(text) - 1)) + 1  # a last \r may be half a line end
            if not end and len(text) > _LONGEST_LINE:
                end = max(text.rfind(" "), text.rfind("\t")) + 1 or len(text) - 1
            rest = text[end:]
            if end:
                yield text[:end].replace("\r\n", "\n").replace("\r", "\n")
        if rest:
            yield rest.replace("\r\n", "\n").replace("\r", "\n")

    def _decoded(self) -> Iterator[str]:
        total, done = self._path.stat().st_size, self._encoding.skip
        decoder = codecs.getincrementaldecoder(self._encoding.name)(self._encoding.errors)
        with self._path.open("rb") as file:
            file.seek(done)
            try:
                while data := file.read(_BLOCK_BYTES):
                    yield decoder.decode(data)
                    done += len(data)
                    progress.pages_done(done, total)
                yield decoder.decode(b"", final=True)
            except UnicodeDecodeError as error:
                raise ParseError(
                    FailureType.DAMAGED,
                    f"The file is marked as {self._encoding.name.upper()} text, but it is cut off or damaged near byte "
                    f"{done + error.start}. Save it again as UTF-8.",
                ) from error

    def _cut(self, text: str) -> None:
        """Note the paragraphs of a piece that starts at a line's start; the last one may go on in the next."""
        start = self._length
        for line in text.split("\n"):
            end = start + len(line)
            if line and not line.isspace():
                self._paragraph = (self._paragraph[0] if self._paragraph else start, end)
            elif end < self._length + len(text):  # what follows the last line end is not a line yet
                self._end_paragraph()
            start = end + 1

    def _end_paragraph(self) -> None:
        if self._paragraph is not None:
            start, end = self._paragraph
            self._finished.append(Block(kind=BlockKind.PARAGRAPH, char_start=start, char_end=end))
        self._paragraph = None

    def _taken(self) -> list[Block]:
        taken, self._finished = self._finished, []
        return taken

    def _check_length(self, length: int) -> None:
        if length > self._limit:
            raise ParseError(
                FailureType.TOO_LARGE,
                f"The text has more than {self._limit:,} characters, the most that are read. Split the file into parts.",
            )
