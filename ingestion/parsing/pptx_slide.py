"""Writes one slide: its title first, then its shapes from top to bottom and left to right."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ingestion.parsing.builder import DocumentBuilder
from ingestion.parsing.drawings import C, chart_lines, diagram_lines
from ingestion.parsing.office import OfficePackage, Relation
from ingestion.parsing.pptx_shapes import (
    A,
    Box,
    P,
    Placeholders,
    R,
    box_of,
    is_hidden,
    paragraph_text,
    placeholder,
    shapes,
    texts_of,
)
from ingestion.parsing.tables import cell_text, markdown_table
from storage.records.parsed_document import BlockKind, FindingKind

if TYPE_CHECKING:
    from lxml.etree import _Element

_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}relIds"
_TITLES = ("title", "ctrTitle")
_FRAME = ("ftr", "dt", "sldNum", "hdr", "sldImg")
_LISTS = ("body", "obj")
_SAME_ROW = 0.04  # of the slide's height: tops that are so near stand in one row
_DEEPEST = 10
_MOST_SPAN = 200
_SHOWN_CHARACTERS = 120
_MARKED = re.compile(r"(?:\d{1,3}[.)]|[-•–])\s")


class SlideWriter:
    """Writes the text of a slide's shapes."""

    def __init__(
        self,
        builder: DocumentBuilder,
        package: OfficePackage,
        relations: Mapping[str, Relation],
        placeholders: Placeholders,
        *,
        size: tuple[int, int],
    ) -> None:
        self._builder = builder
        self._package = package
        self._relations = relations
        self._placeholders = placeholders
        self._width, self._height = size

    def write(self, slide: "_Element") -> None:
        """Write a slide."""
        tree = slide.find(f"{P}cSld/{P}spTree")
        if tree is None:
            return
        found = list(shapes(tree))
        titles = [shape for shape in found if (placeholder(shape) or ("", ""))[0] in _TITLES and not is_hidden(shape)]
        for shape in titles:
            text = " ".join(" ".join(texts_of(shape)).split())
            self._builder.add_clean(BlockKind.HEADING, text, level=1)
        written = set(titles)
        self._write_all([shape for shape in found if shape not in written], depth=0)

    def _write_all(self, found: "list[_Element]", *, depth: int) -> None:
        for shape in self._in_order(found):
            kind = placeholder(shape)
            if kind is not None and kind[0] in _FRAME:
                continue
            if reason := self._why_unseen(shape, is_inner=depth > 0):
                self._tell_hidden(shape, reason)
            elif shape.tag == f"{P}grpSp":
                if depth < _DEEPEST:
                    self._write_all(list(shapes(shape)), depth=depth + 1)
            elif shape.tag == f"{P}graphicFrame":
                self._graphic(shape)
            elif shape.tag == f"{P}sp":
                self._text(shape, is_list=kind is not None and kind[0] in _LISTS)

    def _in_order(self, found: "list[_Element]") -> "list[_Element]":
        placed = [(self._box(shape), shape) for shape in found]
        placed.sort(key=lambda pair: pair[0].top)
        ordered: list[_Element] = []
        row: list[tuple[Box, _Element]] = []
        for box, shape in placed:
            if row and box.top - row[0][0].top > _SAME_ROW * self._height:
                ordered += [inner for _, inner in sorted(row, key=lambda pair: pair[0].left)]
                row = []
            row.append((box, shape))
        return ordered + [inner for _, inner in sorted(row, key=lambda pair: pair[0].left)]

    def _box(self, shape: "_Element") -> Box:
        kind = placeholder(shape)
        return box_of(shape) or (self._placeholders.box(kind) if kind else None) or Box(0, 0, 0, 0)

    def _why_unseen(self, shape: "_Element", *, is_inner: bool) -> str | None:
        if is_hidden(shape):
            return "its shape is hidden"
        box = box_of(shape)
        if box is None or is_inner:  # shapes in groups have positions of their own kind
            return None
        beyond = box.left >= self._width or box.top >= self._height or box.left + box.width < 0
        return "it stands beside the slide" if beyond or box.top + box.height < 0 else None

    def _tell_hidden(self, shape: "_Element", reason: str) -> None:
        text = " ".join(texts_of(shape))
        if text:
            shown = text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"
            self._builder.find(FindingKind.HIDDEN_TEXT, f"Text is not seen because {reason}: “{shown}”")

    def _text(self, shape: "_Element", *, is_list: bool) -> None:
        body = shape.find(f"{P}txBody")
        paragraphs = [] if body is None else body.findall(f"{A}p")
        if sum(1 for paragraph in paragraphs if paragraph_text(paragraph).strip()) < 2:
            is_list = False
        items: list[str] = []
        counts: dict[int, int] = {}
        for paragraph in paragraphs:
            text = paragraph_text(paragraph).strip()
            if not text:
                continue
            properties = paragraph.find(f"{A}pPr")
            level, mark = _bullet(properties, counts, is_list=is_list)
            if mark:
                line = " ".join(text.split())
                items.append("  " * level + (line if _MARKED.match(line) else f"{mark} {line}"))
                continue
            self._builder.add_clean(BlockKind.LIST, "\n".join(items))
            items = []
            self._builder.add_clean(BlockKind.PARAGRAPH, text)
        self._builder.add_clean(BlockKind.LIST, "\n".join(items))

    def _graphic(self, frame: "_Element") -> None:
        for table in frame.iter(f"{A}tbl"):
            self._builder.add_clean(BlockKind.TABLE, markdown_table(_table_rows(table)))
        for chart in frame.iter(f"{C}chart"):
            root = self._part(chart.get(f"{R}id"))
            if root is not None:
                kind, text = chart_lines(root)
                self._builder.add_clean(kind, text)
        for diagram in frame.iter(_DIAGRAM):
            root = self._part(diagram.get(f"{R}dm"))
            if root is not None:
                self._builder.add_clean(BlockKind.LIST, "\n".join(f"- {line}" for line in diagram_lines(root)))

    def _part(self, identifier: str | None) -> "_Element | None":
        relation = self._relations.get(identifier or "")
        return self._package.optional_xml(relation.target) if relation and not relation.is_external else None


def _bullet(properties: "_Element | None", counts: dict[int, int], *, is_list: bool) -> tuple[int, str]:
    """Level and mark of a paragraph; no mark for plain text."""
    text = properties.get("lvl", "0") if properties is not None else "0"
    level = min(int(text), 8) if text.isdecimal() else 0
    for deeper in [place for place in counts if place > level]:
        del counts[deeper]
    if properties is not None and properties.find(f"{A}buNone") is not None:
        return level, ""
    automatic = properties.find(f"{A}buAutoNum") if properties is not None else None
    if automatic is not None:
        start = automatic.get("startAt", "1")
        counts[level] = counts.get(level, int(start) - 1 if start.isdecimal() and len(start) < 6 else 0) + 1
        return level, f"{counts[level]}."
    is_marked = properties is not None and (
        properties.find(f"{A}buChar") is not None or properties.find(f"{A}buBlip") is not None
    )
    return level, "-" if is_marked or is_list else ""


def _table_rows(table: "_Element") -> list[list[str]]:
    """A cell over several columns is written once; one over several rows is repeated in each."""
    rows: list[list[str]] = []
    for row in table.findall(f"{A}tr"):
        line: list[str] = []
        for place, cell in enumerate(row.findall(f"{A}tc")[: _MOST_SPAN * 5]):
            if cell.get("vMerge") in ("1", "true"):
                line.append(rows[-1][place] if rows and place < len(rows[-1]) else "")
            elif cell.get("hMerge") in ("1", "true"):
                line.append("")
            else:
                line.append(cell_text(" ".join(texts_of(cell))))
        rows.append(line)
    return rows
