"""What a file is, judged by its content; its name and declared type are only compared with that."""

import enum
import re
from pathlib import Path, PurePath

from ingestion.errors import ParseError
from ingestion.parsing.detect_archive import archive_kind, old_office
from ingestion.parsing.encoding import wide_without_mark
from storage.records.failure_type import FailureType


class MediaType(enum.StrEnum):
    """The formats that can be read."""

    MARKDOWN = "text/markdown"
    TEXT = "text/plain"
    HTML = "text/html"
    CSV = "text/csv"
    EML = "message/rfc822"
    PDF = "application/pdf"
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
    ODT = "application/vnd.oasis.opendocument.text"
    EPUB = "application/epub+zip"
    PNG = "image/png"
    JPEG = "image/jpeg"
    TIFF = "image/tiff"
    WEBP = "image/webp"
    GIF = "image/gif"
    BMP = "image/bmp"


_HEAD_BYTES = 16_384
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_IMAGES = {
    b"\x89PNG\r\n\x1a\n": MediaType.PNG,
    b"\xff\xd8\xff": MediaType.JPEG,
    b"II*\x00": MediaType.TIFF,
    b"MM\x00*": MediaType.TIFF,
    b"GIF87a": MediaType.GIF,
    b"GIF89a": MediaType.GIF,
}
_OTHER_FORMATS = {
    b"{\\rtf": "an RTF document",
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
    ".html": MediaType.HTML,
    ".htm": MediaType.HTML,
    ".xhtml": MediaType.HTML,
    ".csv": MediaType.CSV,
    ".tsv": MediaType.CSV,
    ".eml": MediaType.EML,
    ".pdf": MediaType.PDF,
    ".docx": MediaType.DOCX,
    ".docm": MediaType.DOCX,
    ".dotx": MediaType.DOCX,
    ".xlsx": MediaType.XLSX,
    ".xlsm": MediaType.XLSX,
    ".xltx": MediaType.XLSX,
    ".pptx": MediaType.PPTX,
    ".pptm": MediaType.PPTX,
    ".ppsx": MediaType.PPTX,
    ".potx": MediaType.PPTX,
    ".odt": MediaType.ODT,
    ".epub": MediaType.EPUB,
    ".png": MediaType.PNG,
    ".jpg": MediaType.JPEG,
    ".jpeg": MediaType.JPEG,
    ".tif": MediaType.TIFF,
    ".tiff": MediaType.TIFF,
    ".webp": MediaType.WEBP,
    ".gif": MediaType.GIF,
    ".bmp": MediaType.BMP,
}
_TEXTS = {MediaType.TEXT, MediaType.MARKDOWN, MediaType.CSV}
_HTML = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.{0,2000}?-->\s*)*(?:<!doctype\s+html|<(?:html|head|body)[\s>])", re.I | re.S
)
_TAG = re.compile(r"<(?:!doctype|!--|/?[a-z][a-z0-9]{0,14})[\s>/]", re.IGNORECASE)
_HEADER_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]{1,40}):[ \t]?")
_MAIL_FIELDS = {
    "return-path", "received", "delivered-to", "mime-version", "message-id", "from", "to", "subject", "date", "cc",
    "bcc", "reply-to", "sender", "content-type", "x-mailer", "x-received", "dkim-signature", "content-transfer-encoding",
}  # fmt: skip
_SURE_MAIL_FIELDS = {"mime-version", "message-id", "received", "return-path", "delivered-to", "dkim-signature"}
_CONVERT = "Save it as PDF, DOCX, Markdown or plain text and give it again."


def detect(path: Path, *, name: str) -> MediaType:
    """The media type of a file, from its content.

    Args:
        path: The file.
        name: What the user calls it; tells Markdown and CSV from plain text, which look alike.

    Returns:
        One of the formats that can be read.

    Raises:
        ParseError: It is empty, or of a format that cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head:
        raise ParseError(FailureType.EMPTY, "The file has no content (0 bytes). Upload it again.")
    if image := _image(head):
        return image
    if b"%PDF-" in head[:1024]:
        return MediaType.PDF
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return MediaType(archive_kind(path))
    if head.startswith(_OLE):
        raise old_office(path)
    _refuse_known(head)
    suffix = PurePath(name).suffix.lower()
    if suffix == ".pdf" and _looks_like_pdf_body(path):
        return MediaType.PDF
    return _text_kind(_readable(head), suffix)


def looks_like_picture(path: Path) -> bool:
    """Whether a file may need OCR, which takes longer: an image or a PDF."""
    with path.open("rb") as file:
        head = file.read(1024)
    return _image(head) is not None or b"%PDF-" in head


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


def _image(head: bytes) -> MediaType | None:
    for magic, media_type in _IMAGES.items():
        if head.startswith(magic):
            return media_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return MediaType.WEBP
    # Two letters are not enough for a bitmap: the header's size and its reserved zeros must fit, too.
    if head[:2] == b"BM" and head[6:10] == bytes(4) and head[14:15] in (b"\x0c", b"\x28", b"\x38", b"\x6c", b"\x7c"):
        return MediaType.BMP
    return None


def _refuse_known(head: bytes) -> None:
    for magic, kind in _OTHER_FORMATS.items():
        if head.startswith(magic):
            raise ParseError(FailureType.UNSUPPORTED, f"The file is {kind}, which is not read. {_CONVERT}")
    if head[4:8] == b"ftyp":
        raise ParseError(FailureType.UNSUPPORTED, "The file is a video or HEIF image, which is not read.")


def _readable(head: bytes) -> str:
    """The beginning as text, well enough to see tags and header fields in it."""
    if head.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        return head[: len(head) // 4 * 4].decode("utf-32", errors="replace")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", errors="replace")
    return head.decode(wide_without_mark(head) or "utf-8-sig", errors="replace")


def _text_kind(head: str, suffix: str) -> MediaType:
    named = _BY_EXTENSION.get(suffix)
    if _HTML.match(head) or (named is MediaType.HTML and _TAG.search(head)):
        return MediaType.HTML
    if _is_mail(head, named=named is MediaType.EML):
        return MediaType.EML
    if named in (MediaType.HTML, MediaType.EML):
        return MediaType.TEXT
    if named is not None and named not in _TEXTS:
        raise ParseError(
            FailureType.DAMAGED,
            f"The file is mislabelled or damaged: its name ends in {suffix}, but its content is not of that kind. "
            "If it is text, rename it to .txt; otherwise open the original, save it again and upload the new copy.",
        )
    return named or MediaType.TEXT


def _is_mail(head: str, *, named: bool) -> bool:
    """Whether a text begins with the header of an e-mail."""
    fields: set[str] = set()
    for line in head.lstrip("\ufeff\r\n").splitlines():
        if not line.strip():
            break
        if line[0] in " \t" and fields:
            continue
        found = _HEADER_FIELD.match(line)
        if not found:
            if named or (not fields and line.startswith("From ")):
                continue
            return False
        fields.add(found[1].lower())
    known = fields & _MAIL_FIELDS
    return bool(known) if named else len(known) >= 2 and bool(known & _SURE_MAIL_FIELDS)


def _looks_like_pdf_body(path: Path) -> bool:
    with path.open("rb") as file:
        content = file.read(1_000_000)
    return b" obj" in content and (b"endobj" in content or b"startxref" in content)
