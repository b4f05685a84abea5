"""The file store: immutable bytes named by the organization and a keyed content hash.

A name given by a user never becomes part of a path, so there is nothing to traverse. Two organizations never
share a file, because the hash is keyed per organization: nobody can probe what another tenant holds.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import hmac
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from storage.errors import FileMissingError, StorageError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_KEY = re.compile(r"[0-9a-f]{64}")
_BLOCK_BYTES = 1 << 20


def content_key(hash_key: bytes, data: bytes | Path) -> str:
    """HMAC-SHA256 of the content under the organization's key, in hex.

    Args:
        hash_key: `Organization.hash_key`.
        data: The bytes, or a file to read in blocks.
    """
    digest = hmac.new(hash_key, digestmod=hashlib.sha256)
    if isinstance(data, bytes):
        digest.update(data)
    else:
        with data.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
    return digest.hexdigest()


class FileStore:
    """Files under `<uri>/<organization_id>/<aa>/<key>`, on a local folder or any fsspec URL."""

    def __init__(self, uri: str) -> None:
        self._is_local = "://" not in uri or uri.startswith("file://")
        self._root = uri.removeprefix("file://").rstrip("/")
        self._remote: AbstractFileSystem | None = None

    def put(self, organization_id: uuid.UUID, key: str, data: bytes | Path) -> bool:
        """Store bytes under their key; durable when this returns.

        Args:
            organization_id: The owner.
            key: What `content_key` returned for the same bytes.
            data: The bytes, or a file to copy.

        Returns:
            Whether a file was written; False when it was there already.

        Raises:
            StorageError: The store cannot be written (full, read-only, unreachable); nothing is half-written.
        """
        target = self._path(organization_id, key)
        try:
            return self._put_local(Path(target), data) if self._is_local else self._put_remote(target, data)
        except OSError as error:
            raise StorageError(
                f"The file store `{self._root}` could not be written: {error.strerror or error}. "
                "Free some space or make the folder writable, then give the document again."
            ) from error

    @contextlib.contextmanager
    def open(self, organization_id: uuid.UUID, key: str) -> Iterator[IO[bytes]]:
        """Open a stored file for reading.

        Raises:
            FileMissingError: The store has no such file.
        """
        path = self._path(organization_id, key)
        opener = Path(path).open if self._is_local else functools.partial(self._filesystem().open, path)
        try:
            stream = opener("rb")
        except FileNotFoundError as error:
            raise FileMissingError(
                f"The file {key} of organization {organization_id} is not in the file store `{self._root}`. "
                "Restore it from a backup or upload the document again."
            ) from error
        with stream:
            yield cast("IO[bytes]", stream)

    def read(self, organization_id: uuid.UUID, key: str) -> bytes:
        """All bytes of a stored file; raises FileMissingError when there is none."""
        with self.open(organization_id, key) as stream:
            return stream.read()

    def exists(self, organization_id: uuid.UUID, key: str) -> bool:
        """Whether the file is there."""
        path = self._path(organization_id, key)
        return Path(path).is_file() if self._is_local else bool(self._filesystem().exists(path))

    def delete(self, organization_id: uuid.UUID, key: str) -> None:
        """Remove a file; no error when it is gone already."""
        path = self._path(organization_id, key)
        with contextlib.suppress(FileNotFoundError):
            if self._is_local:
                Path(path).unlink()
                _sync_folder(Path(path).parent)
            else:
                self._filesystem().rm(path)

    def unfinished(self, organization_id: uuid.UUID, key: str) -> list[Path]:
        """What writers that were killed left of a file; an object store shows no such thing."""
        target = Path(self._path(organization_id, key))
        return sorted(target.parent.glob(f".{key}.*.tmp")) if self._is_local else []

    def stored(self) -> Iterator[tuple[uuid.UUID, str, int]]:
        """Every stored file as (organization, key, bytes), in no particular order."""
        for path, size in self._local_sizes() if self._is_local else self._remote_sizes():
            parts = path.rsplit("/", 3)
            if len(parts) == 4 and _KEY.fullmatch(parts[3]):
                yield uuid.UUID(parts[1]), parts[3], size

    def _local_sizes(self) -> Iterator[tuple[str, int]]:
        for folder, _, names in os.walk(self._root):
            for name in names:
                with contextlib.suppress(FileNotFoundError):  # removed since it was listed
                    yield f"{folder}/{name}", os.stat(f"{folder}/{name}").st_size

    def _remote_sizes(self) -> Iterator[tuple[str, int]]:
        import fsspec

        filesystem, root = fsspec.core.url_to_fs(self._root)
        for path, details in filesystem.find(root, detail=True).items():
            yield f"/{path}", int(details["size"])

    @contextlib.contextmanager
    def local_copy(self, organization_id: uuid.UUID, key: str, folder: Path) -> Iterator[Path]:
        """A path on this machine that holds the file: the file itself, or a temporary copy in `folder`."""
        if self._is_local:
            with self.open(organization_id, key):
                yield Path(self._path(organization_id, key))
            return
        copy = folder / f"{uuid.uuid4().hex}.spool"
        try:
            with self.open(organization_id, key) as source, copy.open("wb") as sink:
                shutil.copyfileobj(source, sink, _BLOCK_BYTES)
            yield copy
        finally:
            copy.unlink(missing_ok=True)

    def _path(self, organization_id: uuid.UUID, key: str) -> str:
        if not isinstance(organization_id, uuid.UUID):
            raise StorageError(f"Organization id must be a UUID, not {type(organization_id).__name__}.")
        if not _KEY.fullmatch(key):
            raise StorageError("A file key must be 64 hexadecimal digits; make it with content_key().")
        return f"{self._root}/{organization_id}/{key[:2]}/{key}"

    def _put_local(self, target: Path, data: bytes | Path) -> bool:
        if target.is_file():
            return False
        made = _make_folders(target.parent)
        temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex}.tmp")
        try:
            with temporary.open("xb") as sink:
                _copy(data, sink)
                sink.flush()
                os.fsync(sink.fileno())
            temporary.rename(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        for folder in (target.parent, *made):
            _sync_folder(folder)
        return True

    def _put_remote(self, target: str, data: bytes | Path) -> bool:
        filesystem = self._filesystem()
        if filesystem.exists(target):
            return False
        filesystem.makedirs(target.rsplit("/", 1)[0], exist_ok=True)
        with filesystem.open(target, "wb") as sink:  # object stores show an object only when it is complete
            _copy(data, sink)
        return True

    def _filesystem(self) -> AbstractFileSystem:
        if self._remote is None:
            import fsspec  # only an object store needs it

            self._remote, _ = fsspec.core.url_to_fs(self._root)
        return self._remote


def _copy(data: bytes | Path, sink: IO[bytes]) -> None:
    if isinstance(data, bytes):
        sink.write(data)
    else:
        with data.open("rb") as source:
            shutil.copyfileobj(source, sink, _BLOCK_BYTES)


def _make_folders(folder: Path) -> list[Path]:
    """Make missing folders; return the parents whose entries changed, to be synced."""
    changed: list[Path] = []
    missing = folder
    while not missing.exists():
        changed.append(missing.parent)
        missing = missing.parent
    folder.mkdir(parents=True, exist_ok=True)
    return changed


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
