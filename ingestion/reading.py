"""Reads the original of a document version again or for the first time: in the sandbox, passwords tried."""

import tempfile
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ingestion.errors import ParseError
from ingestion.language.identification import identify_prose
from ingestion.parsing.sandbox import ParserSandbox
from ingestion.settings import IngestSettings
from storage.records.failure_type import FailureType
from storage.records.parsed_document import ParsedDocument
from storage.stores import Stores

OnPages = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Original:
    """Which stored file, and what it was called when it was given."""

    organization_id: uuid.UUID
    content_hash: str
    name: str
    declared_type: str | None


def read_original(
    stores: Stores,
    sandbox: ParserSandbox,
    original: Original,
    *,
    settings: IngestSettings,
    on_progress: OnPages = lambda done, total: None,
) -> ParsedDocument:
    """Parse a stored original.

    Args:
        stores: The stores.
        sandbox: Where parsers run.
        original: What to read.
        settings: Passwords to try on protected documents.
        on_progress: Told pages done and all pages.

    Raises:
        ParseError: It cannot be read; terminal.
        FileMissingError: The file store has lost it.
    """
    with (
        tempfile.TemporaryDirectory(prefix="pixel-spool-") as folder,
        stores.files.local_copy(original.organization_id, original.content_hash, Path(folder)) as path,
    ):
        parsed = _read(sandbox, path, original, settings=settings, on_progress=on_progress)
    return parsed.model_copy(update={"language": parsed.language or identify_prose(parsed.text)})


def _read(
    sandbox: ParserSandbox, path: Path, original: Original, *, settings: IngestSettings, on_progress: OnPages
) -> ParsedDocument:
    for password in (None, *settings.passwords):
        try:
            return sandbox.parse(
                path,
                name=original.name,
                declared_type=original.declared_type,
                password=password,
                on_progress=on_progress,
            )
        except ParseError as error:
            if error.failure_type is not FailureType.ENCRYPTED:
                raise
            refused = error
    raise refused
