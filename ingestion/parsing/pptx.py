"""Presentations: one page a slide, its title as heading, text from top to bottom, tables, charts and notes.

Comments, footers and page numbers are left out; hidden slides and shapes are left out and reported.
"""

from typing import TYPE_CHECKING

from ingestion.errors import ParseError
from ingestion.parsing.archive import check_archive
from ingestion.parsing.builder import DocumentBuilder
from ingestion.parsing.detect import MediaType
from ingestion.parsing.office import OfficePackage
from ingestion.parsing.pptx_shapes import P, Placeholders, R, texts_of
from ingestion.parsing.pptx_slide import SlideWriter
from ingestion.parsing.request import ParseRequest
from storage.records.failure_type import FailureType
from storage.records.parsed_document import BlockKind, FindingKind, ParsedDocument

if TYPE_CHECKING:
    from lxml.etree import _Element

_HIDDEN = ("0", "false")
_SHOWN_CHARACTERS = 120
_DEFAULT_SIZE = (9_144_000, 6_858_000)


def parse_pptx(request: ParseRequest) -> ParsedDocument:
    """Read a PPTX, or its kin with macros, as a show or as a template.

    Raises:
        ParseError: Damaged, hostile, encrypted, empty or too long.
    """
    check_archive(request.path, request.limits, kind="PPTX")
    package = OfficePackage(request.path, kind="PPTX")
    try:
        return _read(package, request)
    finally:
        package.close()


def _read(package: OfficePackage, request: ParseRequest) -> ParsedDocument:
    main = package.main_part("ppt/presentation.xml")
    root = package.xml(main)
    if root is None:
        raise package.damaged()
    relations = package.relations(main)
    builder = DocumentBuilder()
    missing: dict[str, str] = {}
    entries = root.findall(f"{P}sldIdLst/{P}sldId")
    for number, entry in enumerate(entries, start=1):
        builder.start_page(number)
        relation = relations.get(entry.get(f"{R}id", ""))
        slide = package.optional_xml(relation.target) if relation is not None and not relation.is_external else None
        if relation is None or slide is None:
            missing[str(number)] = "The slide is missing from the file or broken."
            continue
        _slide(builder, package, relation.target, slide, size=_size(root))
        builder.check_length(request.limits.max_text_characters)
    builder.end_page()
    if len(missing) == len(entries) and entries:
        raise package.damaged()
    package.tell(builder)
    if not builder.text.strip():
        raise ParseError(
            FailureType.EMPTY, "The presentation has no text; perhaps only pictures. Save it as PDF to have them read."
        )
    properties = package.properties()
    return ParsedDocument(
        text=builder.text,
        blocks=tuple(builder.blocks),
        pages=tuple(page for page in builder.pages if str(page.number) not in missing),
        page_count=len(entries),
        missing_pages=missing,
        findings=tuple(builder.findings),
        title=properties.title,
        author=properties.author,
        created_at=properties.created_at,
        modified_at=properties.modified_at,
        media_type=MediaType.PPTX,
        metadata=properties.metadata,
    )


def _slide(
    builder: DocumentBuilder, package: OfficePackage, name: str, slide: "_Element", *, size: tuple[int, int]
) -> None:
    builder.leave_headings()
    relations = package.relations(name)
    if slide.get("show") in _HIDDEN:
        text = " ".join(texts_of(slide))
        if text:
            shown = text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"
            builder.find(FindingKind.HIDDEN_TEXT, f"The slide is hidden: “{shown}”")
        return
    layout = next((r.target for r in relations.values() if r.kind == "slideLayout"), "")
    placeholders = Placeholders.of(package, layout)
    SlideWriter(builder, package, relations, placeholders, size=size).write(slide)
    notes = next((r.target for r in relations.values() if r.kind == "notesSlide"), None)
    root = package.optional_xml(notes) if notes else None
    if root is not None:
        builder.add_clean(BlockKind.PARAGRAPH, _notes(root))


def _notes(root: "_Element") -> str:
    lines: list[str] = []
    for shape in root.iter(f"{P}sp"):
        kind = shape.find(f"{P}nvSpPr/{P}nvPr/{P}ph")
        if kind is not None and kind.get("type", "body") == "body":
            lines += texts_of(shape)
    return "Notes: " + "\n".join(lines) if lines else ""


def _size(root: "_Element") -> tuple[int, int]:
    size = root.find(f"{P}sldSz")
    try:
        return (int(size.get("cx", "")), int(size.get("cy", ""))) if size is not None else _DEFAULT_SIZE
    except ValueError:
        return _DEFAULT_SIZE
