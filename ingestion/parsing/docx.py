"""Word documents in reading order: text, lists, tables, text boxes, footnotes after what refers to them.

Headers, footers and endnotes come once, at the end. Comments, deletions and hidden text are left out.
"""

import re
from typing import TYPE_CHECKING

from ingestion.errors import ParseError
from ingestion.parsing.archive import check_archive
from ingestion.parsing.builder import DocumentBuilder
from ingestion.parsing.cleaning import clean_text
from ingestion.parsing.detect import MediaType
from ingestion.parsing.docx_body import BodyWriter
from ingestion.parsing.docx_styles import Styles, W
from ingestion.parsing.docx_text import TextReader
from ingestion.parsing.office import OfficePackage
from ingestion.parsing.request import ParseRequest
from storage.records.failure_type import FailureType
from storage.records.parsed_document import BlockKind, ParsedDocument

if TYPE_CHECKING:
    from lxml.etree import _Element

_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_PAGE_NUMBER = re.compile(
    r"^\W*(?:page|seite|página|pagina|p\.)?\s*\d*\s*(?:of|von|de|sur|di|/|\|)?\s*\d*\W*$", re.IGNORECASE
)


def parse_docx(request: ParseRequest) -> ParsedDocument:
    """Read a DOCX, or its kin with macros or as a template.

    Raises:
        ParseError: Damaged, hostile, encrypted, empty or too long.
    """
    check_archive(request.path, request.limits, kind="DOCX")
    package = OfficePackage(request.path, kind="DOCX")
    try:
        return _read(package, request)
    finally:
        package.close()


def _read(package: OfficePackage, request: ParseRequest) -> ParsedDocument:
    main = package.main_part("word/document.xml")
    root = package.xml(main)
    body = root.find(f"{W}body") if root is not None else None
    if root is None or body is None:
        raise package.damaged()
    builder = DocumentBuilder()
    writer = BodyWriter(builder, package, main=main, limit=request.limits.max_text_characters)
    writer.write(body)
    writer.write_endnotes()
    builder.leave_headings()
    for text in _margins(package, main, root):
        builder.add_clean(BlockKind.PARAGRAPH, text)
    package.tell(builder)
    if not builder.text.strip():
        raise ParseError(
            FailureType.EMPTY, "The document has no text; perhaps only pictures. Save it as PDF to have them read."
        )
    properties = package.properties()
    return ParsedDocument(
        text=builder.text,
        blocks=tuple(builder.blocks),
        findings=tuple(builder.findings),
        title=properties.title,
        author=properties.author,
        created_at=properties.created_at,
        modified_at=properties.modified_at,
        media_type=MediaType.DOCX,
        metadata=properties.metadata,
    )


def _margins(package: OfficePackage, main: str, root: "_Element") -> list[str]:
    """Texts of headers and footers, each once however many sections repeat it; bare page numbers are left out."""
    relations = package.relations(main)
    reader = TextReader(Styles(None))
    found: dict[str, None] = {}
    for reference in root.iter(f"{W}headerReference", f"{W}footerReference"):
        relation = relations.get(reference.get(f"{_R}id", ""))
        part = package.optional_xml(relation.target) if relation is not None and not relation.is_external else None
        for text in _texts(part, reader):
            if not _PAGE_NUMBER.match(text):
                found.setdefault(text)
    return list(found)


def _texts(part: "_Element | None", reader: TextReader) -> list[str]:
    if part is None:
        return []
    lines = []
    for paragraph in part.iter(f"{W}p"):
        text = " ".join(clean_text(reader.read(paragraph).text).split())
        if text and not _PAGE_NUMBER.match(text):
            lines.append(text)
    return ["\n".join(lines)] if lines else []
