"""OpenDocument text: headings, lists, tables, text boxes, footnotes after what refers to them, in reading order.

Annotations and tracked deletions are left out.
"""

from typing import TYPE_CHECKING

from ingestion.errors import ParseError
from ingestion.parsing.archive import check_archive
from ingestion.parsing.builder import DocumentBuilder
from ingestion.parsing.cleaning import clean_text
from ingestion.parsing.detect import MediaType
from ingestion.parsing.moments import moment
from ingestion.parsing.odt_body import OdtWriter
from ingestion.parsing.office import OfficePackage
from ingestion.parsing.request import ParseRequest
from storage.records.failure_type import FailureType
from storage.records.parsed_document import ParsedDocument

if TYPE_CHECKING:
    from lxml.etree import _Element

_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_META = "{urn:oasis:names:tc:opendocument:xmlns:meta:1.0}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_LONGEST = 500


def parse_odt(request: ParseRequest) -> ParsedDocument:
    """Read an ODT.

    Raises:
        ParseError: Damaged, hostile, encrypted, empty or too long.
    """
    check_archive(request.path, request.limits, kind="ODT")
    package = OfficePackage(request.path, kind="ODT")
    try:
        if package.has("META-INF/manifest.xml") and b"encryption-data" in package.read("META-INF/manifest.xml"):
            raise ParseError(
                FailureType.ENCRYPTED, "The ODT is protected by a password. Save a copy without it and upload that."
            )
        return _read(package, request)
    finally:
        package.close()


def _read(package: OfficePackage, request: ParseRequest) -> ParsedDocument:
    root = package.xml("content.xml")
    body = root.find(f"{_OFFICE}body/{_OFFICE}text") if root is not None else None
    if root is None or body is None:
        raise package.damaged()
    builder = DocumentBuilder()
    styles = package.optional_xml("styles.xml")
    writer = OdtWriter(builder, [part for part in (styles, root) if part is not None])
    writer.write(body, limit=request.limits.max_text_characters)
    if styles is not None:
        writer.write_margins(styles)
    package.tell(builder)
    if not builder.text.strip():
        raise ParseError(
            FailureType.EMPTY, "The document has no text; perhaps only pictures. Save it as PDF to have them read."
        )
    meta = package.optional_xml("meta.xml")
    return ParsedDocument(
        text=builder.text,
        blocks=tuple(builder.blocks),
        findings=tuple(builder.findings),
        title=_field(meta, f"{_DC}title"),
        author=_field(meta, f"{_META}initial-creator") or _field(meta, f"{_DC}creator"),
        created_at=moment(_field(meta, f"{_META}creation-date")),
        modified_at=moment(_field(meta, f"{_DC}date")),
        media_type=MediaType.ODT,
    )


def _field(meta: "_Element | None", tag: str) -> str | None:
    found = next(meta.iter(tag), None) if meta is not None else None
    return None if found is None else " ".join(clean_text(found.text or "").split())[:_LONGEST] or None
