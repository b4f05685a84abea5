"""Checks of an archive before anything in it is read: bombs, strange names and entity tricks."""

import itertools
import re
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from ingestion.errors import ParseError
from ingestion.parsing.request import ParseLimits
from storage.records.failure_type import FailureType

_DOCTYPES = (
    re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE),
    re.compile(rb"<\x00?!\x00?D\x00?O\x00?C\x00?T\x00?Y\x00?P\x00?E", re.IGNORECASE),  # the same in UTF-16
)
_ENTITIES = (
    re.compile(rb"<!\s*ENTITY", re.IGNORECASE),
    re.compile(rb"<\x00?!\x00?E\x00?N\x00?T\x00?I\x00?T\x00?Y", re.IGNORECASE),
)
_XML_SUFFIXES = (".xml", ".rels", ".vml", ".opf", ".ncx", ".xhtml")
_BLOCK_BYTES = 1 << 20
_RATIO_CHECKED_FROM_BYTES = 5_000_000


def check_archive(path: Path, limits: ParseLimits, *, kind: str, may_declare_types: bool = False) -> None:
    """Refuse an archive that would unpack to too much, or whose XML defines entities.

    Sizes are counted while unpacking: the sizes that an archive states about itself are not believed.

    Args:
        path: The file.
        limits: How much is too much.
        kind: What the file is called in messages, for example `XLSX`.
        may_declare_types: Whether a document type without entities of its own is usual, as in the pages of e-books.

    Raises:
        ParseError: Damaged, too large, encrypted or hostile.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            _check_entries(entries, limits, kind)
            total = 0
            forbidden = _ENTITIES if may_declare_types else _DOCTYPES
            for entry in entries:
                total += _check_entry(archive, entry, limits, before=total, kind=kind, forbidden=forbidden)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise ParseError(
            FailureType.DAMAGED,
            f"The {kind} is damaged or cut off. Open it in the program that made it, save it again and upload the "
            "new copy.",
        ) from error


def _check_entries(entries: list[zipfile.ZipInfo], limits: ParseLimits, kind: str) -> None:
    if len(entries) > limits.max_archive_entries:
        raise ParseError(
            FailureType.TOO_LARGE,
            f"The {kind} holds {len(entries):,} parts; at most {limits.max_archive_entries:,} are read. Split it.",
        )
    names = [entry.filename for entry in entries]
    if len(set(names)) != len(names):
        raise ParseError(
            FailureType.DAMAGED, f"The {kind} names a part twice, so it cannot be told which one is meant."
        )
    for entry in entries:
        if entry.flag_bits & 0x1:
            raise ParseError(
                FailureType.ENCRYPTED, f"The {kind} is protected by a password. Save a copy without it and upload that."
            )
        if ".." in PurePosixPath(entry.filename).parts or entry.filename.startswith("/"):
            raise ParseError(FailureType.DAMAGED, f"The {kind} holds a part whose name points outside of it.")
    ends = sorted((entry.header_offset, entry.compress_size) for entry in entries)
    for (offset, size), (following, _) in itertools.pairwise(ends):
        if offset + size > following:
            raise _bomb(kind, "has parts that lie over each other")


def _check_entry(
    archive: zipfile.ZipFile,
    entry: zipfile.ZipInfo,
    limits: ParseLimits,
    *,
    before: int,
    kind: str,
    forbidden: tuple[re.Pattern[bytes], ...],
) -> int:
    is_xml = entry.filename.lower().endswith(_XML_SUFFIXES)
    size, tail = 0, b""
    with archive.open(entry) as part:
        while block := part.read(_BLOCK_BYTES):
            size += len(block)
            if before + size > limits.max_unpacked_bytes:
                raise _too_much(archive, limits, kind)
            is_large = size > _RATIO_CHECKED_FROM_BYTES
            if is_large and size > limits.max_compression_ratio * max(1, entry.compress_size):
                raise _bomb(kind, f"has a part that grows more than {limits.max_compression_ratio} times when unpacked")
            if is_xml:
                window = tail + block
                if any(pattern.search(window) for pattern in forbidden):
                    raise ParseError(
                        FailureType.DAMAGED,
                        f"The {kind} defines XML entities (a DTD), which no office program writes and which can hide "
                        f"an attack. Open it in the program that made it and save it again as {kind}.",
                    )
                tail = window[-32:]
    return size


def _too_much(archive: zipfile.ZipFile, limits: ParseLimits, kind: str) -> ParseError:
    what = f"unpacks to more than {limits.max_unpacked_bytes / 1_000_000:g} MB"
    packed = sum(entry.compress_size for entry in archive.infolist())
    if limits.max_unpacked_bytes > limits.max_compression_ratio * max(1, packed):
        return _bomb(kind, what)
    return ParseError(FailureType.TOO_LARGE, f"The {kind} {what}. Split it, or leave out large pictures.")


def _bomb(kind: str, what: str) -> ParseError:
    return ParseError(
        FailureType.BOMB,
        f"The {kind} {what}, as files do that are made to overload their reader. Open it in the program that made it, "
        f"and save it again, in parts if it is large.",
    )
