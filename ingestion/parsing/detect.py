"""What a file is, judged by its content; its name and declared type are only compared with that."""

import enum
import re
import zipfile
from pathlib import Path, PurePath

from ingestion.errors import ParseError
from storage.records.failure_type import FailureType


class MediaType(enum.StrEnum):
    """The formats that can be read."""

    MARKDOWN = "text/markdown"
    TEXT = "text/plain"
    PDF = "application/pdf"
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    PNG = "image/png"
    JPEG = "image/jpeg"
    TIFF = "image/tiff"


_HEAD_BYTES = 4096
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_IMAGES = {
    b"\x89PNG\r\n\x1a\n": MediaType.PNG,
    b"\xff\xd8\xff": MediaType.JPEG,
    b"II*\x00": MediaType.TIFF,
    b"MM\x00*": MediaType.TIFF,
}
_OTHER_FORMATS = {
    b"{\\rtf": "an RTF document",
    b"GIF8": "a GIF image",
    b"BM": "a bitmap image",
    b"\x1f\x8b": "a gzip archive",
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive",
    b"%!PS": "a PostScript document",
    b"SQLite format 3\x00": "a database",
    b"\x7fELF": "a program",
    b"MZ": "a program",
}
_BY_EXTENSION = {
    ".md": MediaType.MARKDOWN,
    ".markdown": MediaType.MARKDOWN,
    ".txt": MediaType.TEXT,
    ".text": MediaType.TEXT,
    ".pdf": MediaType.PDF,
    ".docx": MediaType.DOCX,
    ".png": MediaType.PNG,
    ".jpg": MediaType.JPEG,
    ".jpeg": MediaType.JPEG,
    ".tif": MediaType.TIFF,
    ".tiff": MediaType.TIFF,
}
_TEXTS = {MediaType.TEXT, MediaType.MARKDOWN}
_HTML = re.compile(rb"^\s*(<!doctype\s+html|<html[\s>])", re.IGNORECASE)
_EMAIL = re.compile(rb"^(Return-Path|Received|Delivered-To|MIME-Version|Message-ID|From|Subject|Date): ", re.I)
_CONVERT = "Save it as PDF, DOCX, Markdown or plain text and give it again."


def detect(path: Path, *, name: str) -> MediaType:
    """The media type of a file, from its content.

    Args:
        path: The file.
        name: What the user calls it; tells Markdown from plain text, which look alike.

    Returns:
        One of the formats that can be read.

    Raises:
        ParseError: It is empty, or of a format that cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head:
        raise ParseError(FailureType.EMPTY, "The file has no content (0 bytes). Upload it again.")
    for magic, media_type in _IMAGES.items():
        if head.startswith(magic):
            return media_type
    if b"%PDF-" in head[:1024]:
        return MediaType.PDF
    if head.startswith(b"PK\x03\x04") or head.startswith(b"PK\x05\x06"):
        return _inside_zip(path)
    if head.startswith(_OLE):
        raise _old_office(path)
    _refuse_known(head)
    suffix = PurePath(name).suffix.lower()
    if suffix == ".pdf" and _looks_like_pdf_body(path):
        return MediaType.PDF
    if _BY_EXTENSION.get(suffix, MediaType.TEXT) not in _TEXTS:
        raise ParseError(
            FailureType.DAMAGED,
            f"The file is mislabelled or damaged: its name ends in {suffix}, but its content is not of that kind. "
            "If it is text, rename it to .txt; otherwise open the original, save it again and upload the new copy.",
        )
    return MediaType.MARKDOWN if _BY_EXTENSION.get(suffix) is MediaType.MARKDOWN else MediaType.TEXT


def looks_like_picture(path: Path) -> bool:
    """Whether a file may need OCR, which takes longer: an image or a PDF."""
    with path.open("rb") as file:
        head = file.read(1024)
    return head.startswith(tuple(_IMAGES)) or b"%PDF-" in head


def declared_mismatch(found: MediaType, *, name: str, declared_type: str | None) -> str | None:
    """What the file was said to be, when that is not what it is; None when they agree or nothing was said."""
    by_name = _BY_EXTENSION.get(PurePath(name).suffix.lower())
    if by_name and not _agree(found, by_name):
        return by_name.value
    declared = (declared_type or "").split(";")[0].strip().lower()
    if declared in set(MediaType) and not _agree(found, MediaType(declared)):
        return declared
    return None


def _agree(found: MediaType, said: MediaType) -> bool:
    return found is said or (found in _TEXTS and said in _TEXTS)


def _inside_zip(path: Path) -> MediaType:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise ParseError(
            FailureType.DAMAGED,
            "The file is a damaged or cut-off archive (a DOCX is one inside). Open the original, save it again "
            "and upload the new copy.",
        ) from error
    if "word/document.xml" in names:
        return MediaType.DOCX
    kinds = {
        "xl/workbook.xml": "an Excel workbook",
        "ppt/presentation.xml": "a PowerPoint presentation",
        "META-INF/container.xml": "an e-book",
        "content.xml": "an OpenDocument file",
    }
    kind = next((kind for marker, kind in kinds.items() if marker in names), "a ZIP archive")
    hint = "Unpack it and give the files inside." if kind == "a ZIP archive" else _CONVERT
    raise ParseError(FailureType.UNSUPPORTED, f"The file is {kind}, which is not read yet. {hint}")


def _old_office(path: Path) -> ParseError:
    with path.open("rb") as file:
        content = file.read(4_000_000)
    if "EncryptedPackage".encode("utf-16-le") in content:
        return ParseError(
            FailureType.ENCRYPTED,
            "The Office document is protected by a password. Save a copy without it and upload that.",
        )
    return ParseError(
        FailureType.UNSUPPORTED,
        "The file is an old Office or Outlook file (.doc, .xls, .ppt, .msg). Save it as DOCX or PDF.",
    )


def _refuse_known(head: bytes) -> None:
    for magic, kind in _OTHER_FORMATS.items():
        if head.startswith(magic):
            raise ParseError(FailureType.UNSUPPORTED, f"The file is {kind}, which is not read. {_CONVERT}")
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        raise ParseError(FailureType.UNSUPPORTED, "The file is a WebP image. Save it as PNG or JPEG.")
    if head[4:8] == b"ftyp":
        raise ParseError(FailureType.UNSUPPORTED, "The file is a video or HEIF image, which is not read.")
    if _HTML.match(head):
        raise ParseError(FailureType.UNSUPPORTED, f"The file is a web page, which is not read yet. {_CONVERT}")
    if len(_EMAIL.findall(head)) and b"\nMIME-Version:" in b"\n" + head:
        raise ParseError(FailureType.UNSUPPORTED, f"The file is an e-mail, which is not read yet. {_CONVERT}")


def _looks_like_pdf_body(path: Path) -> bool:
    with path.open("rb") as file:
        content = file.read(1_000_000)
    return b" obj" in content and (b"endobj" in content or b"startxref" in content)
