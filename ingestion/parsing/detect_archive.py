"""What a ZIP archive or an old Office container is, from what lies inside."""

import re
import zipfile
import zlib
from pathlib import Path

from ingestion.errors import ParseError
from storage.records.failure_type import FailureType

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_SHEETS = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
_MAIN_PART = re.compile(
    rb"(?:officedocument\.(wordprocessingml|spreadsheetml|presentationml)\."
    rb"(?:document|template|sheet|presentation|slideshow)\.main\+xml"
    rb"|ms-(word|excel|powerpoint)\.(?:document|template|sheet|presentation|slideshow)\.macroEnabled"
    rb"(?:Template)?\.main\+xml)",
    re.IGNORECASE,
)
_BY_PART = {
    b"wordprocessingml": _WORD, b"word": _WORD, b"spreadsheetml": _SHEETS, b"excel": _SHEETS,
    b"presentationml": _SLIDES, b"powerpoint": _SLIDES,
}  # fmt: skip
_BY_NAME = {"word/document.xml": _WORD, "xl/workbook.xml": _SHEETS, "ppt/presentation.xml": _SLIDES}
_OFFICE_STREAMS = {
    "WordDocument": ("an old Word document (.doc)", "Open it in a word processor and save it as DOCX or PDF."),
    "Workbook": ("an old Excel workbook (.xls)", "Open it in a spreadsheet program and save it as XLSX or CSV."),
    "Book": ("an old Excel workbook (.xls)", "Open it in a spreadsheet program and save it as XLSX or CSV."),
    "PowerPoint Document": ("an old presentation (.ppt)", "Open it in PowerPoint and save it as PPTX or PDF."),
    "__properties_version1.0": ("an Outlook message (.msg)", "Open it in Outlook and save it as .eml, text or PDF."),
}
_MOST_TYPES_BYTES = 4_000_000


def archive_kind(path: Path) -> str:
    """The media type of a ZIP archive that can be read.

    Raises:
        ParseError: It is damaged, or holds something that is not read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            types = _start_of(archive, "[Content_Types].xml") if "[Content_Types].xml" in names else b""
            mimetype = (
                _start_of(archive, "mimetype").decode("ascii", errors="replace").strip() if "mimetype" in names else ""
            )
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError, NotImplementedError, RuntimeError) as error:
        raise ParseError(
            FailureType.DAMAGED,
            "The file is a damaged or cut-off archive (a DOCX is one inside). Open the original, save it again "
            "and upload the new copy.",
        ) from error
    if found := _MAIN_PART.search(types):
        return _BY_PART[(found[1] or found[2]).lower()]
    for name, kind in _BY_NAME.items():
        if name in names:
            return kind
    if mimetype.removesuffix("-template") == "application/vnd.oasis.opendocument.text" and "content.xml" in names:
        return "application/vnd.oasis.opendocument.text"
    if "META-INF/container.xml" in names and (mimetype == "application/epub+zip" or "mimetype" not in names):
        return "application/epub+zip"
    raise _not_read(names, mimetype)


def old_office(path: Path) -> ParseError:
    """Why a file in the container of old Office programs is not read."""
    with path.open("rb") as file:
        content = file.read(4_000_000)
    if "EncryptedPackage".encode("utf-16-le") in content:
        return ParseError(
            FailureType.ENCRYPTED,
            "The Office document is protected by a password. Save a copy without it and upload that.",
        )
    for stream, (kind, advice) in _OFFICE_STREAMS.items():
        if (stream + "\0").encode("utf-16-le") in content:
            return ParseError(FailureType.UNSUPPORTED, f"The file is {kind}, which is not read. {advice}")
    return ParseError(
        FailureType.UNSUPPORTED,
        "The file is an old Office or Outlook file (.doc, .xls, .ppt, .msg). Save it as DOCX or PDF.",
    )


def _start_of(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as part:
        return part.read(_MOST_TYPES_BYTES)


def _not_read(names: set[str], mimetype: str) -> ParseError:
    if "xl/workbook.bin" in names:
        return ParseError(
            FailureType.UNSUPPORTED,
            "The file is a binary Excel workbook (.xlsb), which is not read. Save it as XLSX and give it again.",
        )
    if "content.xml" in names:
        what = {"spreadsheet": "spreadsheet", "presentation": "presentation"}.get(mimetype.split(".")[-1], "file")
        advice = {"spreadsheet": "XLSX or CSV", "presentation": "PPTX or PDF"}.get(what, "DOCX or PDF")
        return ParseError(
            FailureType.UNSUPPORTED,
            f"The file is an OpenDocument {what}, which is not read. Save it as {advice} and give it again.",
        )
    return ParseError(
        FailureType.UNSUPPORTED, "The file is a ZIP archive, which is not read. Unpack it and give the files inside."
    )
