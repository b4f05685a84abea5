"""Word documents: headings, paragraphs, lists and tables in reading order, headers and footers once at the end."""

import re
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ingestion.errors import ParseError
from ingestion.parsing.archive import check_archive
from ingestion.parsing.builder import DocumentBuilder
from ingestion.parsing.detect import MediaType
from ingestion.parsing.request import ParseRequest
from storage.records.failure_type import FailureType
from storage.records.parsed_document import BlockKind, ParsedDocument

if TYPE_CHECKING:
    from docx.document import Document
    from docx.oxml.xmlchemy import BaseOxmlElement
    from docx.text.paragraph import Paragraph

_HEADING_STYLE = re.compile(r"heading (\d)$", re.IGNORECASE)
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_MOST_TABLE_NESTING = 5
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"  # repeats its sibling


def parse_docx(request: ParseRequest) -> ParsedDocument:
    """Read a DOCX.

    Raises:
        ParseError: Damaged, hostile, encrypted, empty or too long.
    """
    check_archive(request.path, request.limits)
    document = _open(request)
    builder = DocumentBuilder()
    for kind, text, level in _blocks(document):
        builder.add(kind, text, level=level)
        if builder.position > request.limits.max_text_characters:
            raise ParseError(
                FailureType.TOO_LARGE,
                f"The document has more than {request.limits.max_text_characters:,} characters. Split it into parts.",
            )
    text = builder.text
    if not text.strip():
        raise ParseError(
            FailureType.EMPTY, "The document has no text; perhaps only pictures. Save it as PDF to have them read."
        )
    properties = document.core_properties
    return ParsedDocument(
        text=text,
        blocks=tuple(builder.blocks),
        title=_clean(properties.title) or None,
        author=_clean(properties.author) or None,
        media_type=MediaType.DOCX,
        metadata={key: value for key, value in _metadata(document).items() if value},
    )


def _open(request: ParseRequest) -> "Document":
    import docx  # light, but not needed for other formats

    try:
        return docx.Document(str(request.path))
    except MemoryError:
        raise
    except Exception as error:  # python-docx and lxml raise many types
        if _is_strict(request):
            raise ParseError(
                FailureType.UNSUPPORTED,
                "The document is in the “Strict Open XML” form, which is not read. "
                "In Word choose “Save as”, type “Word document (.docx)”, and upload that.",
            ) from error
        raise ParseError(
            FailureType.DAMAGED,
            "The DOCX is damaged: a part that Word needs is missing or broken. Open it in your word processor, "
            "save it again and upload the new copy.",
        ) from error


def _is_strict(request: ParseRequest) -> bool:
    with zipfile.ZipFile(request.path) as archive:
        return b"purl.oclc.org/ooxml" in archive.read("word/document.xml")


def _metadata(document: "Document") -> dict[str, str]:
    properties = document.core_properties
    return {
        "subject": _clean(properties.subject),
        "keywords": _clean(properties.keywords),
        "category": _clean(properties.category),
        "declared_language": _clean(properties.language),
        "modified_at": properties.modified.isoformat() if properties.modified else "",
    }


def _blocks(document: "Document") -> Iterator[tuple[BlockKind, str, int]]:
    from docx.oxml.ns import qn
    from docx.text.paragraph import Paragraph

    items: list[str] = []
    for element in _inner(document.element.body):
        if element.tag == qn("w:tbl"):
            block = (BlockKind.TABLE, _table(element), 0)
        else:
            block = _paragraph(Paragraph(element, document))
        if block[0] is BlockKind.LIST:
            items.append(block[1])
            continue
        if items:
            yield BlockKind.LIST, "\n".join(items), 0
            items = []
        yield block
    if items:
        yield BlockKind.LIST, "\n".join(items), 0
    for text in _margins(document):
        yield BlockKind.PARAGRAPH, text, 0


def _inner(parent: "BaseOxmlElement") -> Iterator["BaseOxmlElement"]:
    """Paragraphs and tables in reading order, those inside content controls too."""
    from docx.oxml.ns import qn

    for child in parent:
        if child.tag in (qn("w:p"), qn("w:tbl")):
            yield child
        elif child.tag in (qn("w:sdt"), qn("w:sdtContent"), qn("w:customXml")):
            yield from _inner(child)


def _text_of(node: "BaseOxmlElement") -> str:
    """All text of a paragraph: links, tracked insertions and text boxes too; deleted text not."""
    from docx.oxml.ns import qn

    breaks = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n"}
    parts: list[str] = []
    for child in node:
        if child.tag == qn("w:t"):
            parts.append(child.text or "")
        elif child.tag in breaks:
            parts.append(breaks[child.tag])
        elif child.tag == qn("w:p"):
            parts.append("\n" + _text_of(child))
        elif isinstance(child.tag, str) and child.tag not in (_FALLBACK, qn("w:pPr"), qn("w:rPr")):
            parts.append(_text_of(child))
    return "".join(parts)


def _paragraph(paragraph: "Paragraph") -> tuple[BlockKind, str, int]:
    text = _clean(_text_of(paragraph._p))
    style = paragraph.style.name or "" if paragraph.style else ""
    if style == "Title":
        return BlockKind.HEADING, text, 1
    if heading := _HEADING_STYLE.match(style):
        return BlockKind.HEADING, text, int(heading[1])
    if text and (style.startswith("List") or _is_numbered(paragraph)):
        return BlockKind.LIST, f"- {text}", 0
    return BlockKind.PARAGRAPH, text, 0


def _is_numbered(paragraph: "Paragraph") -> bool:
    properties = paragraph._p.pPr
    return properties is not None and properties.numPr is not None


def _table(table: "BaseOxmlElement", depth: int = 1) -> str:
    """A table as Markdown: the first row is the header; a cell that spans columns or rows is written once.

    Read from the XML: the library's own grid refuses tables whose column counts do not add up, which Word accepts.
    """
    from docx.oxml.ns import qn

    rows: list[list[str]] = []
    for row in _inside(table, qn("w:tr")):
        cells = [_cell(cell, depth) for cell in _inside(row, qn("w:tc"))]
        if any(cells):
            rows.append(cells)
    if not rows:
        return ""
    if depth > 1:
        return " ".join(" ".join(cells) for cells in rows)
    lines = ["| " + " | ".join(cells) + " |" for cells in rows]
    rule = "|" + " --- |" * len(rows[0])
    return "\n".join([lines[0], rule, *lines[1:]])


def _cell(cell: "BaseOxmlElement", depth: int) -> str:
    from docx.oxml.ns import qn

    parts = []
    for element in _inner(cell):
        if element.tag == qn("w:p"):
            parts.append(_text_of(element))
        elif depth < _MOST_TABLE_NESTING:
            parts.append(_table(element, depth + 1))
    return " ".join(_clean(" ".join(parts)).split()).replace("|", "\\|")


def _inside(parent: "BaseOxmlElement", tag: str) -> Iterator["BaseOxmlElement"]:
    """Children of a tag, those inside content controls too."""
    from docx.oxml.ns import qn

    for child in parent:
        if child.tag == tag:
            yield child
        elif child.tag in (qn("w:sdt"), qn("w:sdtContent"), qn("w:customXml")):
            yield from _inside(child, tag)


def _margins(document: "Document") -> list[str]:
    """Texts of headers and footers, each once however many sections repeat it."""
    found: dict[str, None] = {}
    for section in document.sections:
        for part in (section.header, section.first_page_header, section.footer, section.first_page_footer):
            if part.is_linked_to_previous:
                continue
            text = "\n".join(_clean(paragraph.text) for paragraph in part.paragraphs).strip()
            if text:
                found.setdefault(text)
    return list(found)


def _clean(text: str | None) -> str:
    return _NOT_IN_XML.sub(" ", text or "").strip()
