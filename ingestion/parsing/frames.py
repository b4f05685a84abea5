"""What goes between a worker and its parser process.

A request is one frame. The answer is a stream: how far the parser is, then the document's blocks and text in pieces,
then the rest of it or why there is none. So neither side holds a long document twice.
"""

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

from pydantic import TypeAdapter

from ingestion.parsing.block_table import LINE, BlockTable, Head
from ingestion.parsing.request import ParseRequest
from storage.records.failure_type import FailureType
from storage.records.parsed_document import Block, ParsedDocument
from storage.records.record import Record

_LENGTH_BYTES = 4
_LARGEST_FRAME = 64 << 20  # a process that a document took over must not fill the worker's memory with one frame
_BLOCKS_PER_FRAME = 500
_TEXT_PER_FRAME = 1 << 20
PROGRESS, PICTURES, BLOCKS, TEXT, END = b"P", b"O", b"B", b"T", b"E"
_HEADS_BYTES = 4
_BLOCK_BYTES_A_CHARACTER = 128  # a block of one character with one line and its box; no document of ours needs as much
_MOST_PAGES = 1 << 31
_HEADS = TypeAdapter(list[Head])


class SandboxRequest(Record):
    """A document to read, and what reading it may take."""

    parse: ParseRequest
    cpu_seconds: int
    memory_mb: int


class ParseReply(Record):
    """A document, or why there is none. `error` is the name of an unexpected exception's class, for the log."""

    document: ParsedDocument | None = None
    failure_type: FailureType | None = None
    reason: str | None = None
    error: str | None = None


class BrokenFrameError(Exception):
    """The other side sent something that no parser process of ours sends."""


def request_bytes(request: SandboxRequest) -> bytes:
    """A request as it goes through the pipe: the only place where a password is written in clear."""
    fields = request.model_dump(mode="json")
    fields["parse"]["password"] = request.parse.clear_password
    return json.dumps(fields).encode("utf-8", errors="replace")


def write_frame(stream: BinaryIO, payload: bytes) -> None:
    """Send one frame."""
    stream.write(len(payload).to_bytes(_LENGTH_BYTES, "big") + payload)
    stream.flush()


def read_frame(stream: BinaryIO) -> bytes | None:
    """Receive one frame, waiting for it; None when the other side is gone."""
    header = stream.read(_LENGTH_BYTES)
    if len(header) < _LENGTH_BYTES:
        return None
    length = int.from_bytes(header, "big")
    payload = stream.read(length)
    return payload if len(payload) == length else None


class FrameBuffer:
    """Cuts what has arrived into frames, without waiting for more: the other side may stop in the middle of one."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Add what has arrived and give the frames that are complete.

        Raises:
            BrokenFrameError: One is longer than any frame is.
        """
        self._data += data
        while len(self._data) >= _LENGTH_BYTES:
            end = int.from_bytes(self._data[:_LENGTH_BYTES], "big") + _LENGTH_BYTES
            if end > _LARGEST_FRAME:
                raise BrokenFrameError(f"a frame of {end} bytes")
            if len(self._data) < end:
                return
            frame = bytes(self._data[_LENGTH_BYTES:end])
            del self._data[:end]
            yield frame


def write_progress(stream: BinaryIO, done: int, total: int) -> None:
    """Say how many pages have been read."""
    write_frame(stream, PROGRESS + f"{done} {total}".encode())


def write_parts(stream: BinaryIO, text: str, blocks: Sequence[Block]) -> None:
    """Send blocks and text of a document, whose end comes with `write_reply`."""
    for first in range(0, len(blocks), _BLOCKS_PER_FRAME):
        write_frame(stream, BLOCKS + _blocks_bytes(blocks[first : first + _BLOCKS_PER_FRAME]))
    for first in range(0, len(text), _TEXT_PER_FRAME):
        write_frame(stream, TEXT + text[first : first + _TEXT_PER_FRAME].encode("utf-8", errors="replace"))


def write_reply(stream: BinaryIO, reply: ParseReply) -> None:
    """Send the end of an answer, before it what the document holds of blocks and text, piece by piece."""
    document = reply.document
    if document is not None:
        write_parts(stream, document.text, document.blocks)
        reply = reply.model_copy(update={"document": document.model_copy(update={"text": "", "blocks": ()})})
    write_frame(stream, END + reply.model_dump_json().encode("utf-8", errors="replace"))


class ReplyReader:
    """Puts an answer together, frame by frame."""

    def __init__(self, max_characters: int, on_progress: Callable[[int, int], None] | None = None) -> None:
        self._most = max_characters
        self._on_progress = on_progress
        self._blocks = BlockTable()
        self._text = ""
        self._block_bytes = 0
        self._pages = (0, 0)
        self.reads_pictures = False

    def take(self, frame: bytes) -> ParseReply | None:
        """Use one frame.

        Returns:
            The answer, when this was its last frame.

        Raises:
            BrokenFrameError: No parser process of ours sends this.
        """
        kind, payload = frame[:1], frame[1:]
        try:
            if kind == END:
                return self._whole(ParseReply.model_validate_json(payload))
            self._take_part(kind, payload)
        except (ValueError, OverflowError) as error:  # a place may be too large a number to be one
            raise BrokenFrameError(type(error).__name__) from None
        return None

    def _take_part(self, kind: bytes, payload: bytes) -> None:
        if kind == BLOCKS:
            self._block_bytes += len(payload)
            if self._block_bytes > self._most * _BLOCK_BYTES_A_CHARACTER:
                raise ValueError("more blocks than there can be")
            end = _HEADS_BYTES + int.from_bytes(payload[:_HEADS_BYTES], "big")
            self._blocks.extend(_HEADS.validate_json(payload[_HEADS_BYTES:end]), payload[end:])
            if self._on_progress is not None and self._pages != (0, 0):
                self._on_progress(*self._pages)  # it is still at work
        elif kind == TEXT:
            self._add_text(payload.decode())
        elif kind == PROGRESS:
            done, total = (int(number) for number in payload.split())
            if not (0 <= done < _MOST_PAGES and 0 <= total < _MOST_PAGES):
                raise ValueError("no number of pages")
            self._pages = (done, total)
            if self._on_progress is not None:
                self._on_progress(done, total)
        elif kind == PICTURES:
            self.reads_pictures = True
        else:
            raise ValueError("unknown frame")

    def _add_text(self, piece: str) -> None:
        if len(self._text) + len(piece) > self._most:
            raise ValueError("more text than was asked for")
        # Where nothing else holds it, CPython lets a text grow in its place; joining pieces at the end would hold all of it twice.
        text, self._text = self._text, ""
        text += piece
        self._text = text

    def _whole(self, reply: ParseReply) -> ParseReply:
        if reply.document is None:
            return reply
        document = reply.document.model_copy(update={"text": self._text, "blocks": self._blocks})
        return reply.model_copy(update={"document": document})


def _blocks_bytes(blocks: Sequence[Block]) -> bytes:
    """Blocks as JSON, with the length of that before it and all their lines after it."""
    heads = _HEADS.dump_json(
        [(block.kind, block.char_start, block.char_end, block.heading_path, len(block.lines)) for block in blocks]
    )
    lines = itertools.starmap(LINE.pack, itertools.chain.from_iterable(block.lines for block in blocks))
    return len(heads).to_bytes(_HEADS_BYTES, "big") + heads + b"".join(lines)
