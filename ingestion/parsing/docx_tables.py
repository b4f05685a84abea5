"""Word tables as rows of cells, read from the XML: Word accepts tables whose column counts do not add up."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ingestion.parsing.docx_styles import W, value
from ingestion.parsing.tables import cell_text

if TYPE_CHECKING:
    from lxml.etree import _Element

_WRAPPERS = {f"{W}sdt", f"{W}sdtContent", f"{W}customXml", f"{W}ins", f"{W}moveTo", f"{W}smartTag"}
_MOST_NESTING = 5
_MOST_SPAN = 200
ParagraphReader = Callable[["_Element"], str]


def inner(parent: "_Element", tags: tuple[str, ...] = ("p", "tbl")) -> "Iterator[_Element]":
    """Children of some tags in reading order, those inside content controls too."""
    for child in parent:
        if isinstance(child.tag, str) and child.tag.startswith(W) and child.tag.removeprefix(W) in tags:
            yield child
        elif child.tag in _WRAPPERS:
            yield from inner(child, tags)


def only_cell(table: "_Element") -> "_Element | None":
    """The cell of a table that is only a frame around text: one column, with tables or much text inside."""
    rows = [list(inner(row, ("tc",))) for row in inner(table, ("tr",))]
    return rows[0][0] if len(rows) == 1 and len(rows[0]) == 1 else None


def table_rows(table: "_Element", read: ParagraphReader, depth: int = 1) -> list[list[str]]:
    """The cells of a table in a grid.

    A cell over several columns is written once; one over several rows is repeated in each, so that every row says all
    that it is about. A table inside a cell becomes part of its text.

    Args:
        table: A `w:tbl`.
        read: Gives a paragraph's text.
        depth: How many tables it lies in, with itself.
    """
    rows: list[list[str]] = []
    above: dict[int, str] = {}
    for row in inner(table, ("tr",)):
        if row.find(f"{W}trPr/{W}del") is not None:
            continue
        line = [""] * _span(row, f"trPr/{W}gridBefore", 0)
        merged: dict[int, str] = {}
        for cell in inner(row, ("tc",)):
            width = _span(cell, f"tcPr/{W}gridSpan", 1)
            merge = cell.find(f"{W}tcPr/{W}vMerge")
            text = _cell(cell, read, depth)
            if merge is not None and merge.get(f"{W}val") != "restart" and not text:
                text = above.get(len(line), "")
            if merge is not None:
                merged[len(line)] = text
            line += [text, *[""] * (width - 1)]
        above = merged
        if any(line):
            rows.append(line)
    return rows


def _cell(cell: "_Element", read: ParagraphReader, depth: int) -> str:
    parts: list[str] = []
    for element in inner(cell):
        if element.tag == f"{W}p":
            parts.append(read(element))
        elif depth < _MOST_NESTING:
            nested = table_rows(element, read, depth + 1)
            parts.append("; ".join(", ".join(filter(None, row)) for row in nested).replace("\\|", "|"))
    return cell_text(" ".join(parts))


def _span(element: "_Element", path: str, default: int) -> int:
    text = value(element, path)
    return min(_MOST_SPAN, int(text)) if text and text.isdecimal() and len(text) < 6 else default
