"""What a parser is given: a file on this machine, what it was called, and the limits."""

from pathlib import Path

from storage.records.record import Record


class ParseLimits(Record):
    """Limits that a parser checks itself; memory and time are the sandbox's."""

    max_text_characters: int = 20_000_000
    max_archive_entries: int = 5_000
    max_unpacked_bytes: int = 200_000_000
    max_compression_ratio: int = 200
    max_pixels: int = 100_000_000
    ocr_languages: str = "eng"


class ParseRequest(Record):
    """One document to read. Name and declared type are hints only: the content decides."""

    path: Path
    name: str
    declared_type: str | None = None
    limits: ParseLimits = ParseLimits()
