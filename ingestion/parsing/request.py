"""What a parser is given: a file on this machine, what it was called, and the limits."""

from pathlib import Path

from pydantic import SecretStr

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
    """One document to read. Name and declared type are hints only: the content decides.

    `password` opens a protected document. It is masked wherever a request is printed or written as JSON.
    """

    path: Path
    name: str
    declared_type: str | None = None
    password: SecretStr | None = None
    limits: ParseLimits = ParseLimits()

    @property
    def clear_password(self) -> str | None:
        """The password as the document's reader needs it; never to be written anywhere."""
        return self.password.get_secret_value() if self.password else None
