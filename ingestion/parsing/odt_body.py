"""Writes the body of an OpenDocument text as blocks."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ingestion.parsing.builder import DocumentBuilder
from ingestion.parsing.tables import cell_text, markdown_table
from storage.records.parsed_document import BlockKind, FindingKind

if TYPE_CHECKING:
    from lxml.etree import _Element

_NS = "urn:oasis:names:tc:opendocument:xmlns:"
_TEXT, _TABLE, _DRAW = f"{{{_NS}text:1.0}}", f"{{{_NS}table:1.0}}", f"{{{_NS}drawing:1.0}}"
_STYLE, _OFFICE = f"{{{_NS}style:1.0}}", f"{{{_NS}office:1.0}}"
_SKIPPED = {f"{_OFFICE}annotation", f"{_OFFICE}annotation-end", f"{_TEXT}tracked-changes", f"{_OFFICE}forms",
            f"{_TEXT}sequence-decls", f"{_TEXT}note-citation"}  # fmt: skip
_MOST_SPAN = 200
_DEEPEST = 100
_MARGINS = ("header", "footer", "header-first", "footer-first", "header-left", "footer-left")


class OdtWriter:
    """Writes elements in reading order; what hangs on a paragraph follows it."""

    def __init__(self, builder: DocumentBuilder, parts: "Sequence[_Element]") -> None:
        self._builder = builder
        self._numbered: dict[str, set[int]] = {}
        self._hidden: set[str] = set()
        self._parents: dict[str, str] = {}
        self._aside: list[tuple[str, _Element]] = []
        self._notes = 0
        self._limit = 0
        for part in parts:
            self._learn(part)

    def write(self, body: "_Element", *, limit: int) -> None:
        """Write everything below an element.

        Args:
            body: The element.
            limit: Most characters allowed.
        """
        self._limit = limit
        self._children(body, 0)

    def write_margins(self, styles: "_Element") -> None:
        """Write headers and footers, each once."""
        self._builder.leave_headings()
        told: set[str] = set()
        for page in styles.iter(f"{_STYLE}master-page"):
            for name in _MARGINS:
                found = page.find(f"{_STYLE}{name}")
                lines = (
                    [self._text(p).strip() for p in found.iter(f"{_TEXT}p", f"{_TEXT}h")] if found is not None else []
                )
                text = "\n".join(filter(None, lines))
                if text and text not in told and text.strip("0123456789/ "):
                    told.add(text)
                    self._builder.add_clean(BlockKind.PARAGRAPH, text)
        self._aside.clear()

    def _learn(self, part: "_Element") -> None:
        for style in part.iter(f"{_TEXT}list-style"):
            levels = {_number(level.get(f"{_TEXT}level")) for level in style.iter(f"{_TEXT}list-level-style-number")}
            self._numbered[style.get(f"{_STYLE}name", "")] = levels
        for style in part.iter(f"{_STYLE}style"):
            name = style.get(f"{_STYLE}name", "")
            self._parents[name] = style.get(f"{_STYLE}list-style-name", "")
            if any(p.get(f"{_TEXT}display") == "none" for p in style.iter(f"{_STYLE}text-properties")):
                self._hidden.add(name)

    def _children(self, parent: "_Element", depth: int) -> None:
        if depth > _DEEPEST:
            return
        for element in parent:
            tag = element.tag
            if tag in _SKIPPED or not isinstance(tag, str):
                continue
            if tag == f"{_TEXT}h":
                level = max(1, _number(element.get(f"{_TEXT}outline-level"), 1))
                self._builder.add_clean(BlockKind.HEADING, " ".join(self._text(element).split()), level=level)
            elif tag == f"{_TEXT}p":
                self._builder.add_clean(BlockKind.PARAGRAPH, self._text(element))
            elif tag == f"{_TEXT}list":
                headings = list(element.iter(f"{_TEXT}h"))
                if headings:
                    self._children_of_list(element, depth)
                else:
                    self._builder.add_clean(BlockKind.LIST, "\n".join(self._items(element, 0, None)))
            elif tag == f"{_TABLE}table":
                self._builder.add_clean(BlockKind.TABLE, markdown_table(self._rows(element)))
            elif tag in (f"{_DRAW}frame", f"{_DRAW}custom-shape"):
                self._aside.append(("box", element))
            else:  # sections, indexes, groups
                self._children(element, depth + 1)
            self._hang_on(depth)
            self._builder.check_length(self._limit)

    def _children_of_list(self, element: "_Element", depth: int) -> None:
        """A numbered heading is a heading inside a list."""
        for item in element:
            if isinstance(item.tag, str):
                self._children(item, depth + 1)

    def _items(self, element: "_Element", level: int, style: str | None) -> list[str]:
        style = element.get(f"{_TEXT}style-name") or style
        is_numbered = level + 1 in self._numbered.get(style or "", set())
        lines: list[str] = []
        number = 0
        for item in element:
            if item.tag not in (f"{_TEXT}list-item", f"{_TEXT}list-header") or level > _DEEPEST:
                continue
            texts = [self._text(p) for p in item if p.tag in (f"{_TEXT}p", f"{_TEXT}h")]
            text = " ".join(" ".join(texts).split())
            if text:
                number += 1
                is_item = item.tag == f"{_TEXT}list-item"
                mark = (f"{number}. " if is_numbered else "- ") if is_item else ""
                lines.append("  " * level + mark + text)
            for inner in item:
                if inner.tag == f"{_TEXT}list":
                    lines += self._items(inner, level + 1, style)
        return lines

    def _rows(self, table: "_Element") -> list[list[str]]:
        rows: list[list[str]] = []
        hanging: dict[int, tuple[int, str]] = {}
        for row in table.iter(f"{_TABLE}table-row"):
            if next(row.iterancestors(f"{_TABLE}table"), None) is not table:
                continue
            line: list[str] = []
            for cell in row:
                if cell.tag == f"{_TABLE}covered-table-cell":
                    repeat = min(_MOST_SPAN, _number(cell.get(f"{_TABLE}number-columns-repeated"), 1))
                    for _ in range(repeat):
                        left, text = hanging.pop(len(line), (0, ""))
                        if left > 1:
                            hanging[len(line)] = (left - 1, text)
                        line.append(text)
                elif cell.tag == f"{_TABLE}table-cell":
                    text = cell_text(" ".join(self._text(p) for p in cell.iter(f"{_TEXT}p", f"{_TEXT}h")))
                    height = _number(cell.get(f"{_TABLE}number-rows-spanned"), 1)
                    if height > 1:
                        hanging[len(line)] = (height - 1, text)
                    repeat = min(_MOST_SPAN, _number(cell.get(f"{_TABLE}number-columns-repeated"), 1))
                    line += [text] * repeat
            rows.append(line)
        return rows

    def _text(self, element: "_Element", depth: int = 0) -> str:
        """Text of a paragraph; notes and boxes in it are set aside."""
        parts = [element.text or ""]
        for child in element:
            tag = child.tag if isinstance(child.tag, str) else ""
            if tag == f"{_TEXT}s":
                parts.append(" " * min(100, _number(child.get(f"{_TEXT}c"), 1)))
            elif tag == f"{_TEXT}tab":
                parts.append("\t")
            elif tag == f"{_TEXT}line-break":
                parts.append("\n")
            elif tag == f"{_TEXT}note":
                self._notes += 1
                parts.append(f"[{self._notes}]")
                self._aside.append((f"Footnote {self._notes}: ", child))
            elif tag in (f"{_DRAW}frame", f"{_DRAW}custom-shape"):
                self._aside.append(("box", child))
            elif child.get(f"{_TEXT}style-name") in self._hidden or tag == f"{_TEXT}hidden-text":
                self._tell_hidden("".join(map(str, child.itertext())))
            elif tag and tag not in _SKIPPED and depth < _DEEPEST:
                parts.append(self._text(child, depth + 1))
            parts.append(child.tail or "")
        return "".join(parts)

    def _hang_on(self, depth: int) -> None:
        aside, self._aside = self._aside, []
        for name, element in aside:
            if name == "box":
                for inner in (*element.iter(f"{_DRAW}text-box"), *([element] if element.tag.endswith("shape") else [])):
                    self._children(inner, depth + 1)
            else:
                texts = [self._text(p) for p in element.iter(f"{_TEXT}p")]
                self._builder.add_clean(BlockKind.PARAGRAPH, name + " ".join(" ".join(texts).split()))

    def _tell_hidden(self, text: str) -> None:
        if text.strip():
            self._builder.find(FindingKind.HIDDEN_TEXT, f"Text is hidden: “{' '.join(text.split())[:120]}”")


def _number(text: str | None, default: int = 0) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 8 else default
