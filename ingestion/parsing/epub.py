"""E-books (EPUB): the chapters in the order of the spine, each read as a web page without a frame."""

import posixpath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from ingestion.errors import ParseError
from ingestion.parsing.archive import check_archive
from ingestion.parsing.builder import DocumentBuilder
from ingestion.parsing.cleaning import clean_text
from ingestion.parsing.detect import MediaType
from ingestion.parsing.encoding import decode
from ingestion.parsing.html import page_tree, write_page
from ingestion.parsing.moments import moment
from ingestion.parsing.office import OfficePackage
from ingestion.parsing.request import ParseRequest
from storage.records.failure_type import FailureType
from storage.records.parsed_document import ParsedDocument

if TYPE_CHECKING:
    from lxml.etree import _Element

_CONTAINER = "META-INF/container.xml"
_DC = "{http://purl.org/dc/elements/1.1/}"
_LONGEST = 500
_PAGES = (".xhtml", ".html", ".htm", ".xml")


def parse_epub(request: ParseRequest) -> ParsedDocument:
    """Read an EPUB.

    Raises:
        ParseError: Damaged, hostile, protected, empty or too long.
    """
    check_archive(request.path, request.limits, kind="EPUB", may_declare_types=True)
    package = OfficePackage(request.path, kind="EPUB")
    try:
        return _read(package, request)
    finally:
        package.close()


def _read(package: OfficePackage, request: ParseRequest) -> ParsedDocument:
    container = package.xml(_CONTAINER)
    root_file = next(container.iter("{*}rootfile"), None) if container is not None else None
    name = root_file.get("full-path", "") if root_file is not None else ""
    book = package.xml(name)
    if book is None:
        raise package.damaged()
    chapters = _chapters(book, posixpath.dirname(name))
    _check_protection(package, chapters)
    builder = DocumentBuilder()
    found = 0
    for chapter in chapters:
        if not package.has(chapter):
            continue
        root, _ = page_tree(decode(package.read(chapter))[0])
        if root is not None:
            found += 1
            write_page(builder, root, limit=request.limits.max_text_characters)
    if not found:
        raise package.damaged()
    if not builder.text.strip():
        raise ParseError(FailureType.EMPTY, "The e-book has no text; perhaps only pictures. Save it as PDF.")
    return ParsedDocument(
        text=builder.text,
        blocks=tuple(builder.blocks),
        findings=tuple(builder.findings),
        title=_field(book, "title"),
        author=_field(book, "creator"),
        language=(_field(book, "language") or "")[:2].lower() or None,
        created_at=moment(_field(book, "date")),
        media_type=MediaType.EPUB,
    )


def _chapters(book: "_Element", folder: str) -> list[str]:
    """Names of the parts of the spine, in order; navigation is left out."""
    parts = {
        item.get("id", ""): posixpath.normpath(posixpath.join(folder, unquote(item.get("href", ""))))
        for item in book.iter("{*}item")
        if "html" in item.get("media-type", "") or item.get("href", "").lower().endswith(_PAGES)
        if "nav" not in (item.get("properties") or "").split()
    }
    return [parts[ref.get("idref", "")] for ref in book.iter("{*}itemref") if ref.get("idref", "") in parts]


def _check_protection(package: OfficePackage, chapters: list[str]) -> None:
    """Fonts are often scrambled, which does not matter; chapters are when the book is protected."""
    root = package.optional_xml("META-INF/encryption.xml")
    for reference in root.iter("{*}CipherReference") if root is not None else ():
        if unquote(reference.get("URI", "")) in chapters:
            raise ParseError(
                FailureType.ENCRYPTED, "The e-book is protected against copying (DRM). Give a copy without protection."
            )


def _field(book: "_Element", name: str) -> str | None:
    found = next(book.iter(f"{_DC}{name}"), None)
    return None if found is None else " ".join(clean_text(found.text or "").split())[:_LONGEST] or None
