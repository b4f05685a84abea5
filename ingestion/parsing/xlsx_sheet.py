"""Reads a sheet's XML in one streaming pass: cells, what is hidden, what is merged.

Several times faster than the library's own reader, which tells neither hidden rows nor merged cells.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from ingestion.parsing.tables import cell_text
from ingestion.parsing.xlsx_regions import Cell
from ingestion.parsing.xlsx_styles import CellFormat
from ingestion.parsing.xlsx_values import value_text

if TYPE_CHECKING:
    from lxml.etree import _Element

_CELL = re.compile(r"^\$?([A-Z]{1,3})\$?(\d{1,7})$")
_LETTERS = re.compile(r"^[A-Z]{1,3}")
_ON = ("1", "true")
_MOST_MERGES = 20_000
_MOST_COLUMNS = 500
_TALLEST_MERGE = 1_000


@dataclass(slots=True)
class Sheet:
    """The rows of a sheet that have text, with their numbers from 1, without what is hidden."""

    rows: dict[int, list[Cell]] = field(default_factory=dict)
    hides_rows: bool = False
    hides_columns: bool = False
    formulas_without_value: int = 0
    cells: int = 0
    read_to: int | None = None  # the row at which reading stopped, if it did

    def in_order(self) -> list[list[Cell]]:
        """All rows, with one empty row wherever there are empty ones between them."""
        rows: list[list[Cell]] = []
        last = 0
        for number, row in self.rows.items():
            if number > last + 1:
                rows.append([])
            rows.append(row)
            last = number
        return rows


def elements(stream: IO[bytes], *tags: str) -> "Iterator[_Element]":
    """The elements of some local names, in order; what was read is freed.

    Args:
        stream: XML of any namespace.
        tags: Local names; none of them may lie inside another.
    """
    from lxml import etree

    events = etree.iterparse(
        stream, events=("end",), tag=tuple(f"{{*}}{tag}" for tag in tags), resolve_entities=False, no_network=True,
        huge_tree=False, load_dtd=False, recover=False, remove_comments=True,
    )  # fmt: skip
    for _, element in events:
        yield element
        element.clear()
        parent = element.getparent()
        while parent is not None and element.getprevious() is not None:
            del parent[0]


def read_sheet(
    stream: IO[bytes], strings: Sequence[str], formats: Sequence[CellFormat], *, most_rows: int, most_cells: int
) -> Sheet:
    """The cells of a sheet as text.

    Args:
        stream: The sheet's XML.
        strings: The workbook's shared strings.
        formats: How cells of each style are shown.
        most_rows: Where to stop.
        most_cells: Where to stop.
    """
    sheet = Sheet()
    hidden_rows: set[int] = set()
    hidden_columns: set[int] = set()
    merges: list[tuple[int, int, int]] = []
    number = 0
    for element in elements(stream, "row", "col", "mergeCell"):
        name = element.tag.rsplit("}", 1)[-1]
        if name == "row":
            number = _number(element.get("r"), number + 1)
            if sheet.cells >= most_cells or len(sheet.rows) >= most_rows:
                sheet.read_to = number - 1
                break
            row = _row(element, sheet, strings, formats)
            if row:
                sheet.rows[number] = row
            if element.get("hidden") in _ON:
                hidden_rows.add(number)
        elif name == "col":
            if element.get("hidden") in _ON:
                first, last = _number(element.get("min")), _number(element.get("max"))
                hidden_columns |= set(range(first, min(last, _MOST_COLUMNS) + 1))
        elif len(merges) < _MOST_MERGES and (found := _downwards(element.get("ref", ""))):
            merges.append(found)
    _repeat(sheet, merges)
    _hide(sheet, hidden_rows, hidden_columns)
    return sheet


def shared_strings(stream: IO[bytes]) -> list[str]:
    """The texts that cells refer to by number."""
    return [_rich_text(element) for element in elements(stream, "si")]


def _row(row: "_Element", sheet: Sheet, strings: Sequence[str], formats: Sequence[CellFormat]) -> list[Cell]:
    cells: list[Cell] = []
    column = 0
    for element in row:
        column = _column(element.get("r") or "") or column + 1
        if column > _MOST_COLUMNS:
            break
        cell = _cell(element, sheet, strings, formats)
        if cell.text:
            cells += [Cell()] * (column - 1 - len(cells))
            cells[column - 1 :] = [cell]
            sheet.cells += 1
    return cells


def _cell(element: "_Element", sheet: Sheet, strings: Sequence[str], formats: Sequence[CellFormat]) -> Cell:
    stored, has_formula, inline = "", False, None
    for part in element:
        tag = part.tag
        if tag.endswith("}v"):
            stored = part.text or ""
        elif tag.endswith("}f"):
            has_formula = True
        elif tag.endswith("}is"):
            inline = part
    kind = element.get("t", "n")
    if inline is not None:
        return Cell(cell_text(_rich_text(inline)))
    if not stored:
        sheet.formulas_without_value += has_formula
        return Cell()
    if kind == "s":
        place = int(stored) if stored.isdecimal() else -1
        return Cell(cell_text(strings[place])) if 0 <= place < len(strings) else Cell()
    if kind == "b":
        return Cell(value_text(stored == "1"))
    if kind != "n":
        return Cell(cell_text(stored), is_number=kind == "d")
    place = _number(element.get("s"))
    shown = formats[place] if place < len(formats) else CellFormat()
    try:
        return Cell(value_text(shown.value(float(stored)), shown.number_format), is_number=True)
    except (ValueError, OverflowError):
        return Cell(cell_text(stored))


def _rich_text(element: "_Element") -> str:
    """Text of runs, without the reading aids of Japanese."""
    parts = []
    for part in element:
        if part.tag.endswith("}t"):
            parts.append(part.text or "")
        elif part.tag.endswith("}r"):
            parts += [text.text or "" for text in part if text.tag.endswith("}t")]
    return "".join(parts).replace("_x000D_", " ")


def _repeat(sheet: Sheet, merges: list[tuple[int, int, int]]) -> None:
    """Give each row of a range that is merged downwards the value of its first."""
    for first, column, last in merges:
        top = sheet.rows.get(first, [])
        if column > len(top) or not top[column - 1].text:
            continue
        for number in range(first + 1, min(last, first + _TALLEST_MERGE) + 1):
            row = sheet.rows.get(number)
            if row is not None:
                row += [Cell()] * (column - len(row))
                row[column - 1] = top[column - 1]


def _hide(sheet: Sheet, rows: set[int], columns: set[int]) -> None:
    for number in rows & sheet.rows.keys():
        sheet.hides_rows = True
        del sheet.rows[number]
    for number, row in sheet.rows.items() if columns else ():
        if any(cell.text and place in columns for place, cell in enumerate(row, start=1)):
            sheet.hides_columns = True
        sheet.rows[number] = [cell for place, cell in enumerate(row, start=1) if place not in columns]


def _downwards(text: str) -> tuple[int, int, int] | None:
    """First row, column and last row of a range of several rows."""
    first, _, last = text.partition(":")
    start, end = _CELL.match(first), _CELL.match(last)
    if not start or not end or int(end[2]) <= int(start[2]):
        return None
    return int(start[2]), _column(start[1]), int(end[2])


def _column(reference: str) -> int:
    letters = _LETTERS.match(reference)
    number = 0
    for letter in letters[0] if letters else "":
        number = number * 26 + ord(letter) - 64
    return number


def _number(text: str | None, default: int = 0) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 8 else default
