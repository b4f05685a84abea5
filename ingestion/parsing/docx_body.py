"""Writes the body of a Word document as blocks: headings, lists, tables, code, text boxes and notes where they belong."""

import re
from typing import TYPE_CHECKING

from ingestion.parsing.builder import DocumentBuilder
from ingestion.parsing.docx_numbering import Numbering
from ingestion.parsing.docx_styles import Style, Styles, W, value
from ingestion.parsing.docx_tables import inner, only_cell, table_rows
from ingestion.parsing.docx_text import CHART, DIAGRAM, ParagraphText, TextReader
from ingestion.parsing.drawings import chart_lines, diagram_lines
from ingestion.parsing.office import OfficePackage, Relation
from ingestion.parsing.tables import markdown_table
from storage.records.parsed_document import BlockKind, FindingKind

if TYPE_CHECKING:
    from lxml.etree import _Element

_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_DEEPEST_BOX = 5
_DEEPEST_OUTLINE = 8
_CODE_SIGNS = re.compile(r"[{};=<>]|\w\(")
_TYPEWRITER = re.compile(r"courier|consolas|mono|menlo|lucida console|typewriter", re.IGNORECASE)
_LABELLED = re.compile(r"^[-•·▪◦*]$")


class BodyWriter:
    """Writes parts of a document in reading order; list numbers go on from part to part."""

    def __init__(self, builder: DocumentBuilder, package: OfficePackage, *, main: str, limit: int) -> None:
        self._builder = builder
        self._package = package
        self._relations: dict[str, Relation] = package.relations(main)
        self._limit = limit
        self._styles = Styles(self._related("styles"))
        self._numbering = Numbering(self._related("numbering"))
        self._reader = TextReader(self._styles)
        self._notes = {kind: self._read_notes(kind) for kind in ("footnote", "endnote")}
        self._pending: list[str] = []
        self._pending_kind = BlockKind.LIST
        self._endnotes: list[str] = []

    def write(self, parent: "_Element", *, depth: int = 0, on_white: bool = True) -> None:
        """Write the paragraphs and tables below an element."""
        for element in inner(parent):
            if element.tag == f"{W}tbl":
                self._flush()
                self._table(element, depth)
            else:
                self._paragraph(element, depth, on_white=on_white)
            self._builder.check_length(self._limit)
        self._flush()

    def write_endnotes(self) -> None:
        """Write the endnotes that the text refers to."""
        if self._endnotes:
            self._builder.leave_headings()
        for identifier in dict.fromkeys(self._endnotes):
            name = self._reader.names[("endnote", identifier)]
            self._note("endnote", identifier, f"Note {name}")

    def _related(self, kind: str) -> "_Element | None":
        target = next((r.target for r in self._relations.values() if r.kind == kind and not r.is_external), None)
        return self._package.optional_xml(target) if target else None

    def _read_notes(self, kind: str) -> "dict[str, _Element]":
        root = self._related(f"{kind}s")
        if root is None:
            return {}
        return {note.get(f"{W}id", ""): note for note in root.iter(f"{W}{kind}") if note.get(f"{W}type") is None}

    def _paragraph(self, element: "_Element", depth: int, *, on_white: bool) -> None:
        found = self._reader.read(element, on_white=on_white)
        text, style = found.text.strip(), self._styles.of(value(element, f"pPr/{W}pStyle"))
        level = self._heading_level(element, style)
        number_id, list_level = self._number(element, style)
        label = self._numbering.label(number_id, list_level) if number_id and text else None
        if level:
            self._flush()
            title = " ".join(text.split())
            if title:
                labelled = f"{label} {title}" if label and not _LABELLED.match(label) else title
                self._builder.add_clean(BlockKind.HEADING, labelled, level=level)
        elif text and (label is not None or (style.is_bullet and not number_id)):
            indent = "  " * (list_level if label is not None else 0)
            mark = "-" if label is None or _LABELLED.match(label) else label
            self._collect(
                BlockKind.LIST, f"{indent}{mark} {' '.join(text.split())}".rstrip() if mark else indent + text
            )
        elif text and (style.is_code or self._is_code(element, text)):
            self._collect(BlockKind.CODE, found.text.rstrip())
        else:
            self._flush()
            self._builder.add_clean(BlockKind.PARAGRAPH, text)
        self._hang_on(found, depth)

    def _hang_on(self, found: ParagraphText, depth: int) -> None:
        """What belongs to a paragraph and stands after it."""
        if not (found.hidden or found.footnotes or found.boxes or found.drawings or found.endnotes):
            return
        self._flush()
        start = self._builder.position - len(found.text.strip())
        for place, detail in found.hidden:
            self._builder.find(FindingKind.HIDDEN_TEXT, detail, at=min(max(0, start + place), self._builder.position))
        for identifier in found.footnotes:
            self._note("footnote", identifier, f"Footnote {self._reader.names[('footnote', identifier)]}")
        self._endnotes += found.endnotes
        for box in found.boxes:
            if depth < _DEEPEST_BOX:
                self.write(box, depth=depth + 1, on_white=False)
        for drawing in found.drawings:
            self._drawing(drawing)

    def _note(self, kind: str, identifier: str, name: str) -> None:
        note = self._notes[kind].get(identifier)
        if note is None:
            return
        texts = [self._reader.read(paragraph).text.strip() for paragraph in note.iter(f"{W}p")]
        text = " ".join(filter(None, texts))
        self._builder.add_clean(BlockKind.PARAGRAPH, f"{name}: {text}" if text else "")

    def _drawing(self, drawing: "_Element") -> None:
        identifier = drawing.get(f"{_R}dm") if drawing.tag == DIAGRAM else drawing.get(f"{_R}id")
        relation = self._relations.get(identifier or "")
        root = self._package.optional_xml(relation.target) if relation and not relation.is_external else None
        if root is None:
            return
        if drawing.tag == CHART:
            kind, text = chart_lines(root)
            self._builder.add_clean(kind, text)
        else:
            self._builder.add_clean(BlockKind.LIST, "\n".join(f"- {line}" for line in diagram_lines(root)))

    def _table(self, table: "_Element", depth: int) -> None:
        cell = only_cell(table)
        if cell is not None and depth < _DEEPEST_BOX:
            self.write(cell, depth=depth + 1, on_white=False)  # a frame around text
            return
        hanging: list[ParagraphText] = []

        def read(paragraph: "_Element") -> str:
            found = self._reader.read(paragraph, on_white=False)
            hanging.append(found)
            label = self._label(paragraph) if found.text.strip() else ""
            return f"{label} {found.text}" if label else found.text

        rows = table_rows(table, read)
        self._builder.add_clean(BlockKind.TABLE, markdown_table(rows))
        for found in hanging:
            self._hang_on(found, depth + 1)

    def _label(self, paragraph: "_Element") -> str:
        number_id, level = self._number(paragraph, self._styles.of(value(paragraph, f"pPr/{W}pStyle")))
        return (self._numbering.label(number_id, level) or "") if number_id else ""

    def _is_code(self, element: "_Element", text: str) -> bool:
        """Whether a paragraph of no code style is code: all in a typewriter face, with signs of code in or before it."""
        runs = [run for run in element.iter(f"{W}r") if run.find(f"{W}t") is not None]
        if not runs or not all(_is_typewriter(run) for run in runs):
            return False
        return bool(_CODE_SIGNS.search(text)) or (bool(self._pending) and self._pending_kind is BlockKind.CODE)

    def _heading_level(self, element: "_Element", style: Style) -> int:
        outline = value(element, f"pPr/{W}outlineLvl")
        if outline and outline.isdecimal():
            return int(outline) + 1 if int(outline) <= _DEEPEST_OUTLINE else 0
        return style.heading_level

    def _number(self, element: "_Element", style: Style) -> tuple[str | None, int]:
        own, level = value(element, f"pPr/{W}numPr/{W}numId"), value(element, f"pPr/{W}numPr/{W}ilvl")
        number_id = own if own is not None else style.number_id
        depth = int(level) if level and level.isdecimal() else style.list_level or 0
        return (None if number_id == "0" else number_id), depth

    def _collect(self, kind: BlockKind, line: str) -> None:
        if self._pending_kind is not kind:
            self._flush()
        self._pending_kind = kind
        self._pending.append(line)

    def _flush(self) -> None:
        if self._pending:
            self._builder.add_clean(self._pending_kind, "\n".join(self._pending))
        self._pending = []


def _is_typewriter(run: "_Element") -> bool:
    fonts = run.find(f"{W}rPr/{W}rFonts")
    return fonts is not None and bool(_TYPEWRITER.search(fonts.get(f"{W}ascii") or ""))
