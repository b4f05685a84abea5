"""What a PDF says of itself: title, author, dates, outline, page labels, and what it carries besides pages.

PDFium answers what it can. Attachments, scripts and launch actions are looked for with pypdf, and only in files whose
bytes could hold one: reading the objects of every PDF in Python would cost more than reading its text.
"""

import itertools
import logging
import mmap
import re
import time
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingestion.parsing.pdf_layout import Outline, heading_key
from storage.records.parsed_document import Finding, FindingKind

if TYPE_CHECKING:
    from pypdf import PdfReader
    from pypdfium2 import PdfDocument

logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it reports each oddity of a file, sometimes with its content

_DATE = re.compile(r"(?:D:)?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?\s*(?:([Zz])|([+-])(\d\d)'?(\d\d)?)?")
# Names that only a file with attachments or actions has.
_CARRYING = re.compile(
    rb"/(?:EmbeddedFiles?|Filespec|FileAttachment|JavaScript|JS|Launch|ImportData|SubmitForm|RichMedia)\b"
)
_WITH_CODES = re.compile(rb"/(?:[A-Za-z]{0,20}#[0-9A-Fa-f]{2}){1,20}[A-Za-z]{0,20}")  # /J#61vaScript is /JavaScript
_CODE = re.compile(rb"#([0-9A-Fa-f]{2})")
_OBJECT_STREAM = re.compile(rb"/ObjStm\b")
_STREAM = re.compile(rb"stream\r?\n")
_ACTIVE = {
    "/JavaScript": "a script (JavaScript)",
    "/Launch": "an action that starts a program",
    "/SubmitForm": "an action that sends data",
    "/ImportData": "an action that loads data",
    "/RichMedia": "embedded media",
}
_TRAILER_BYTES = 4096
_LONGEST_DICTIONARY = 2048
_MOST_OBJECT_STREAMS = 5_000
_MOST_PACKED, _MOST_UNPACKED = 4 << 20, 8 << 20
_MOST_SECONDS = 3.0  # for attachments and actions: a file that is slow here must not lose its text to it
_MOST_OBJECTS = 20_000
_MOST_OUTLINE_ITEMS = 5_000
_MOST_FINDINGS = 50
_LONGEST_NAME = 200


def text_property(properties: dict[str, str], name: str) -> str | None:
    """One of the document's own properties, printable characters only."""
    value = "".join(c for c in str(properties.get(name) or "") if c.isprintable()).strip()
    return value or None


def date_property(properties: dict[str, str], name: str) -> datetime | None:
    """A date such as `D:20240131120000+01'00'`; UTC where no zone is given; None for one that does not exist."""
    match = _DATE.match(str(properties.get(name) or ""))
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part) if part else None for part in match.groups()[:6])
    zone = UTC
    try:
        if match[8]:
            offset = timedelta(hours=int(match[9]), minutes=int(match[10] or 0))
            zone = timezone(offset if match[8] == "+" else -offset)
        return datetime(year or 0, month or 1, day or 1, hour or 0, minute or 0, second or 0, tzinfo=zone)
    except (ValueError, OverflowError):
        return None


def outline_of(document: "PdfDocument") -> Outline:
    """The outline by page number: the key of each heading and its level, 1 for the outermost."""
    from pypdfium2 import PdfiumError

    outline: Outline = {}
    try:
        for count, item in enumerate(document.get_toc(max_depth=6)):
            if count >= _MOST_OUTLINE_ITEMS:
                break
            destination = item.get_dest()
            index = destination.get_index() if destination else None
            key = heading_key(item.get_title())
            if index is not None and key:
                outline.setdefault(index + 1, {}).setdefault(key, item.level + 1)
    except (PdfiumError, ValueError, AttributeError):  # a damaged outline is no outline
        return outline
    return outline


def labels_of(document: "PdfDocument", count: int) -> str | None:
    """The printed page labels as `i, ii, 1, 2`, where they differ from 1, 2, 3."""
    from pypdfium2 import PdfiumError

    try:
        labels = [document.get_page_label(index) for index in range(min(count, _MOST_OUTLINE_ITEMS))]
    except (PdfiumError, ValueError):
        return None
    if not any(labels) or labels == [str(number) for number in range(1, len(labels) + 1)]:
        return None
    return ", ".join("".join(c for c in label if c.isprintable())[:20] for label in labels)


def may_carry(path: Path) -> bool:
    """Whether the bytes of a PDF could hold an attachment or an action, those packed in object streams too."""
    if path.stat().st_size == 0:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if _names_one(data) or b"/Encrypt" in data[-_TRAILER_BYTES:]:
            return True
        for match in itertools.islice(_OBJECT_STREAM.finditer(data), _MOST_OBJECT_STREAMS):
            begin = _STREAM.search(data, match.end(), match.end() + _LONGEST_DICTIONARY)
            if begin is None:
                return True  # written in a way that is not known here
            try:
                unpacked = zlib.decompressobj().decompress(
                    data[begin.end() : begin.end() + _MOST_PACKED], _MOST_UNPACKED
                )
            except zlib.error:
                return True
            if _names_one(unpacked):
                return True
    return False


def _names_one(data: bytes | mmap.mmap) -> bool:
    if _CARRYING.search(data):
        return True
    return any(
        _CARRYING.match(_CODE.sub(lambda code: bytes([int(code[1], 16)]), match[0]) + b" ")
        for match in _WITH_CODES.finditer(data)
    )


def carried(path: Path, password: str | None) -> tuple[Finding, ...]:
    """Attachments, scripts and launch actions; nothing of them is opened or run."""
    from pypdf import PdfReader

    try:
        reader = PdfReader(path, strict=False)
        if reader.is_encrypted and not reader.decrypt(password or ""):
            return ()
        return tuple(_unique(_findings(reader)))
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - damaged parts end pypdf in many ways; the text has been read by PDFium
        return ()


def _unique(findings: Iterator[Finding]) -> Iterator[Finding]:
    seen: set[Finding] = set()
    for finding in findings:
        if finding not in seen:
            seen.add(finding)
            yield finding
            if len(seen) >= _MOST_FINDINGS:
                return


def _findings(reader: "PdfReader") -> Iterator[Finding]:
    """Walk from the catalogue, without the pages' content; each object once."""
    from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject

    deadline = time.monotonic() + _MOST_SECONDS
    waiting: list[Any] = [reader.trailer.get("/Root")]
    visited: set[tuple[int, int]] = set()
    while waiting and len(visited) < _MOST_OBJECTS and time.monotonic() < deadline:
        item = waiting.pop()
        if isinstance(item, IndirectObject):
            if (item.idnum, item.generation) in visited:
                continue
            visited.add((item.idnum, item.generation))
            try:
                item = item.get_object()
            except MemoryError:
                raise
            except Exception:  # noqa: BLE001,S112 - one damaged object must not hide what the others hold
                continue
        if isinstance(item, DictionaryObject):
            yield from _in_dictionary(item)
            skipped = ("/Contents", "/Resources", "/Parent", "/StructTreeRoot", "/K", "/P")
            if not isinstance(item, StreamObject):
                waiting += [value for key, value in item.items() if key not in skipped]
        elif isinstance(item, ArrayObject):
            waiting += list(item)


def _in_dictionary(item: Any) -> Iterator[Finding]:
    action = item.get("/S")
    if isinstance(action, str) and action in _ACTIVE:
        yield Finding(kind=FindingKind.ACTIVE_CONTENT, detail=f"The PDF holds {_ACTIVE[action]}. It was not run.")
    elif "/JS" in item:
        yield Finding(
            kind=FindingKind.ACTIVE_CONTENT, detail=f"The PDF holds {_ACTIVE['/JavaScript']}. It was not run."
        )
    if item.get("/Subtype") == "/RichMedia":
        yield Finding(
            kind=FindingKind.ACTIVE_CONTENT, detail=f"The PDF holds {_ACTIVE['/RichMedia']}. It was not played."
        )
    files = item.get("/EF")
    if files is not None:
        name = str(item.get("/UF") or item.get("/F") or "without a name")
        name = "".join(c for c in name if c.isprintable())[:_LONGEST_NAME]
        yield Finding(kind=FindingKind.ATTACHMENT, detail=f"{name}{_size_of(files)}")


def _size_of(files: Any) -> str:
    """The size that the file says, or its packed size: unpacking it could be a bomb."""
    try:
        stream = next(iter(files.get_object().values())).get_object()
        size = stream.get("/Params", {}).get("/Size")
        return f" ({int(size):,} bytes)" if size is not None else f" ({len(stream._data):,} bytes packed)"
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - a name without a size is better than nothing
        return ""
