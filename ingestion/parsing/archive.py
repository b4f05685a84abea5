"""Checks of an Office archive before anything is unpacked: bombs, strange names and entity tricks."""

import itertools
import re
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from ingestion.errors import ParseError
from ingestion.parsing.request import ParseLimits
from storage.records.failure_type import FailureType

_DOCTYPE = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_DOCTYPE_WIDE = re.compile(rb"<\x00?!\x00?D\x00?O\x00?C\x00?T\x00?Y\x00?P\x00?E", re.IGNORECASE)
_XML_SUFFIXES = (".xml", ".rels")
_BLOCK_BYTES = 1 << 20
_RATIO_CHECKED_FROM_BYTES = 5_000_000


def check_archive(path: Path, limits: ParseLimits) -> None:
    """Refuse an archive that would unpack to too much, or whose XML defines entities.

    Sizes are counted while unpacking: the sizes that an archive states about itself are not believed.

    Args:
        path: The file.
        limits: How much is too much.

    Raises:
        ParseError: Damaged, too large, encrypted or hostile.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            _check_entries(entries, limits)
            total = 0
            for entry in entries:
                total += _check_entry(archive, entry, limits, total)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise ParseError(
            FailureType.DAMAGED,
            "The DOCX is damaged or cut off. Open it in your word processor, save it again and upload the new copy.",
        ) from error


def _check_entries(entries: list[zipfile.ZipInfo], limits: ParseLimits) -> None:
    if len(entries) > limits.max_archive_entries:
        raise _bomb(f"holds {len(entries):,} parts; at most {limits.max_archive_entries:,} are read")
    names = [entry.filename for entry in entries]
    if len(set(names)) != len(names):
        raise ParseError(FailureType.DAMAGED, "The DOCX names a part twice, so it cannot be told which one is meant.")
    for entry in entries:
        if entry.flag_bits & 0x1:
            raise ParseError(
                FailureType.ENCRYPTED, "The DOCX is protected by a password. Save a copy without it and upload that."
            )
        if ".." in PurePosixPath(entry.filename).parts or entry.filename.startswith("/"):
            raise ParseError(FailureType.DAMAGED, "The DOCX holds a part whose name points outside of it.")
    ends = sorted((entry.header_offset, entry.compress_size) for entry in entries)
    for (offset, size), (following, _) in itertools.pairwise(ends):
        if offset + size > following:
            raise _bomb("has parts that lie over each other")


def _check_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limits: ParseLimits, before: int) -> int:
    is_xml = entry.filename.lower().endswith(_XML_SUFFIXES)
    size, tail = 0, b""
    with archive.open(entry) as part:
        while block := part.read(_BLOCK_BYTES):
            size += len(block)
            if before + size > limits.max_unpacked_bytes:
                raise _bomb(f"unpacks to more than {limits.max_unpacked_bytes // 1_000_000} MB")
            is_large = size > _RATIO_CHECKED_FROM_BYTES
            if is_large and size > limits.max_compression_ratio * max(1, entry.compress_size):
                raise _bomb(f"has a part that grows more than {limits.max_compression_ratio} times when unpacked")
            if is_xml:
                window = tail + block
                if _DOCTYPE.search(window) or _DOCTYPE_WIDE.search(window):
                    raise ParseError(
                        FailureType.DAMAGED,
                        "The DOCX defines XML entities (a DTD), which no word processor writes and which can hide "
                        "an attack. Open it in your word processor and save it again as DOCX.",
                    )
                tail = window[-32:]
    return size


def _bomb(what: str) -> ParseError:
    return ParseError(
        FailureType.TOO_LARGE, f"The DOCX {what}. Split it, or save it again from your word processor as DOCX or PDF."
    )
