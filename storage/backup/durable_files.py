"""Copies and hashes of files that must survive a power cut."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

_BLOCK = 1 << 20


def copy_hashed(source: IO[bytes], target: Path) -> tuple[int, str]:
    """Copy a stream to a new file, durably, whole or not at all.

    Returns:
        Size and SHA-256 in hex of what was copied.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.part")
    digest, size = hashlib.sha256(), 0
    try:
        with unfinished.open("wb") as sink:
            while block := source.read(_BLOCK):
                digest.update(block)
                size += sink.write(block)
            sink.flush()
            os.fsync(sink.fileno())
        unfinished.replace(target)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return size, digest.hexdigest()


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def sync_tree(folder: Path) -> None:
    """Make the entries of a folder and all below it durable, innermost first, then the folder above."""
    for place in (*_folders_below(folder), folder.parent):
        descriptor = os.open(place, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def sync_file(path: Path) -> None:
    """Make a file's content durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _folders_below(folder: Path) -> Iterator[Path]:
    for place, _, _ in os.walk(folder, topdown=False):
        yield Path(place)
