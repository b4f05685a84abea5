"""The manifest of a backup: written last, so that a folder without one is no backup."""

import hashlib
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from storage.backup.durable_files import sha256_of
from storage.backup.errors import DamagedBackupError
from storage.backup.figures import TableFigures
from storage.records.record import Record

MANIFEST = "manifest.json"
DATABASE = "database.dump"
LEDGER = "erasures.jsonl"
FILES = "files.jsonl"
POOL = "files"  # beside the backups, shared by all of them
_DIGEST_FILE = "manifest.sha256"


class Part(Record):
    """One file of a backup."""

    name: Literal["database.dump", "erasures.jsonl", "files.jsonl"]
    size: int
    sha256: str


class StoredFile(Record):
    """One stored file in the pool; a line of `files.jsonl`. Its path cannot lead out of the pool."""

    path: str = Field(pattern=r"^[0-9a-f-]{36}/[0-9a-f]{2}/[0-9a-f]{64}$")
    size: int
    sha256: str


class Manifest(Record):
    """What a backup is: when, of which schema, and what every part must look like."""

    format: Literal[1] = 1
    name: str
    started_at: datetime
    snapshot_at: datetime
    finished_at: datetime
    seconds: float
    schema_revision: str
    server_version: str
    owner_role: str
    app_role: str
    parts: tuple[Part, ...]
    tables: dict[str, TableFigures]
    file_count: int
    file_bytes: int
    files_copied: int
    erasures: int
    newest_erasure_at: datetime | None
    keys: tuple[str, ...] = ()
    keys_note: str = ""

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(figures.rows for figures in self.tables.values())


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest and its digest, durably; the caller makes the folder itself durable."""
    content = manifest.model_dump_json(indent=2).encode()
    for name, data in ((MANIFEST, content), (_DIGEST_FILE, _digest(content))):
        unfinished = folder / f".{name}.part"
        with unfinished.open("wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        unfinished.replace(folder / name)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a backup's folder.

    Raises:
        DamagedBackupError: It is missing, was changed, or is of another format.
    """
    try:
        content = (folder / MANIFEST).read_bytes()
        if (folder / _DIGEST_FILE).read_bytes() != _digest(content):
            raise DamagedBackupError(f"{folder / MANIFEST} was changed since it was written.")
        manifest = Manifest.model_validate_json(content)
    except OSError as error:
        raise DamagedBackupError(f"{folder} has no whole manifest ({error.strerror}).") from error
    except ValidationError as error:
        raise DamagedBackupError(
            f"{folder / MANIFEST} is of a format that this version cannot read: {error.errors()[0]['msg']}."
        ) from error
    if manifest.name != folder.name:
        raise DamagedBackupError(f"{folder} holds the manifest of {manifest.name}.")
    return manifest


def check_backup(root: Path, manifest: Manifest) -> None:
    """Compare every part and every stored file with the manifest, by size and SHA-256.

    Raises:
        DamagedBackupError: Names the first that differs.
    """
    folder = root / manifest.name
    for part in manifest.parts:
        _check(folder / part.name, part.size, part.sha256)
    for stored in stored_files(folder):
        _check(root / POOL / stored.path, stored.size, stored.sha256)


def stored_files(folder: Path) -> Iterator[StoredFile]:
    """The stored files that belong to a backup.

    Raises:
        DamagedBackupError: The list is missing, or a line of it names no stored file.
    """
    try:
        with (folder / FILES).open(encoding="utf-8") as handle:
            for line in handle:
                yield StoredFile.model_validate_json(line)
    except (OSError, ValueError) as error:
        raise DamagedBackupError(f"{folder / FILES} is no list of stored files ({type(error).__name__}).") from error


def part_of(path: Path) -> Part:
    """A file as the manifest names it."""
    return Part.model_validate({"name": path.name, "size": path.stat().st_size, "sha256": sha256_of(path)})


def _check(path: Path, size: int, sha256: str) -> None:
    try:
        found = path.stat().st_size
        if found != size:
            raise DamagedBackupError(f"{path} has {found} bytes; its backup wrote {size}.")
        if sha256_of(path) != sha256:
            raise DamagedBackupError(f"{path} is damaged: its SHA-256 is not the one that its backup wrote.")
    except OSError as error:
        raise DamagedBackupError(f"{path} cannot be read: {error.strerror}.") from error


def _digest(content: bytes) -> bytes:
    return f"{hashlib.sha256(content).hexdigest()}  {MANIFEST}\n".encode()
