"""Files of an erasure: stored originals and texts, what a killed process left in a spool, lines of logs, reports."""

import os
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from storage.erasure.byte_search import ByteSearch
from storage.postgres.models.document_version import DocumentVersion
from storage.settings import StorageSettings
from storage.stores import Stores

_SPOOLS = ("pixel-spool-*", "pixel-parse-*")
_SPOOL_IS_OLD_S = 3600  # no reading takes this long, so its process is gone


def used_keys(session: Session, organization_id: uuid.UUID, keys: Sequence[str]) -> set[str]:
    """Which of these stored files a version still names."""
    rows = session.execute(
        select(DocumentVersion.content_hash, DocumentVersion.text_key).where(
            DocumentVersion.organization_id == organization_id,
            or_(DocumentVersion.content_hash.in_(keys), DocumentVersion.text_key.in_(keys)),
        )
    )
    return {key for row in rows for key in row if key} & set(keys)


def remove_files(stores: Stores, organization_id: uuid.UUID, keys: Sequence[str]) -> int:
    """Remove stored files, and what a killed writer left of them; how many there were."""
    removed = 0
    for key in keys:
        removed += stores.files.exists(organization_id, key)
        stores.files.delete(organization_id, key)
        for unfinished in stores.files.unfinished(organization_id, key):
            unfinished.unlink(missing_ok=True)
            removed += 1
    return removed


def spool_files() -> Iterator[Path]:
    """Files of the spools of this machine, of running processes and of dead ones."""
    for pattern in _SPOOLS:
        for folder in Path(tempfile.gettempdir()).glob(pattern):
            yield from (path for path in folder.rglob("*") if path.is_file())


def remove_old_spool_files() -> int:
    """Remove what processes that are gone left in their spools; how many files."""
    before = time.time() - _SPOOL_IS_OLD_S
    removed = 0
    for path in spool_files():
        try:
            if path.stat().st_mtime < before:
                path.unlink()
                removed += 1
        except FileNotFoundError:
            continue  # its process was quicker
    return removed


def blank_logs(settings: StorageSettings, search: ByteSearch) -> int:
    """Overwrite lines of logs that hold a searched string, in place: the process that writes the log keeps its file."""
    blanked = 0
    for path in files_below(settings.logs_path):
        with path.open("r+b") as handle:
            offsets = sorted({offset for _, offset in search.found(handle)})
            for start, end in _lines_around(handle.fileno(), offsets):
                os.pwrite(handle.fileno(), b" " * (end - start), start)
                blanked += 1
            if offsets:
                os.fsync(handle.fileno())
    return blanked


def remove_reports(settings: StorageSettings, search: ByteSearch) -> int:
    """Remove reports that hold a searched string: they can be made again."""
    removed = 0
    for path in files_below(settings.home_path / "reports"):
        with path.open("rb") as handle:
            is_hit = next(search.found(handle), None) is not None
        if is_hit:
            path.unlink()
            removed += 1
    return removed


def files_below(folder: Path) -> list[Path]:
    """Every regular file below a folder; none when it is missing."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _lines_around(descriptor: int, offsets: Sequence[int]) -> Iterator[tuple[int, int]]:
    done = 0
    for offset in offsets:
        if offset < done:
            continue  # in the line before
        start = _back_to_line_start(descriptor, offset)
        end = offset
        while (block := os.pread(descriptor, 4096, end)) and b"\n" not in block:
            end += len(block)
        end += max(block.find(b"\n"), 0)
        yield start, end
        done = end


def _back_to_line_start(descriptor: int, offset: int) -> int:
    position = offset
    while position > 0:
        begin = max(position - 4096, 0)
        newline = os.pread(descriptor, position - begin, begin).rfind(b"\n")
        if newline >= 0:
            return begin + newline + 1
        position = begin
    return 0
