"""What goes between a worker and its parser process."""

from typing import BinaryIO

from ingestion.parsing.request import ParseRequest
from storage.records.failure_type import FailureType
from storage.records.parsed_document import ParsedDocument
from storage.records.record import Record

_LENGTH_BYTES = 4


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


def write_frame(stream: BinaryIO, payload: bytes) -> None:
    """Send one frame."""
    stream.write(len(payload).to_bytes(_LENGTH_BYTES, "big") + payload)
    stream.flush()


def read_frame(stream: BinaryIO) -> bytes | None:
    """Receive one frame; None when the other side is gone."""
    header = stream.read(_LENGTH_BYTES)
    if len(header) < _LENGTH_BYTES:
        return None
    length = int.from_bytes(header, "big")
    payload = stream.read(length)
    return payload if len(payload) == length else None
