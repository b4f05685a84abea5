"""What a sheet hides and merges, read from its XML in one pass; the library's fast reader does not tell."""

import re
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.etree import _Element

_CELL = re.compile(r"^\$?([A-Z]{1,3})\$?(\d{1,7})$")
_ON = ("1", "true")
_MOST_MERGES = 20_000
_MOST_COLUMNS = 16_384


@dataclass(slots=True)
class SheetLayout:
    """Hidden rows and columns, and merged ranges as (first row, first column, last row, last column), from 1."""

    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)
    formulas_without_value: int = 0

    def is_hidden_column(self, column: int) -> bool:
        """Whether a column is hidden."""
        return any(first <= column <= last for first, last in self.hidden_columns)


def read_layout(sheet: IO[bytes], *, most_rows: int) -> SheetLayout:
    """The layout of a sheet.

    Args:
        sheet: The sheet's XML, of any namespace.
        most_rows: Where to stop reading.
    """
    from lxml import etree

    layout, row_number = SheetLayout(), 0
    events = etree.iterparse(
        sheet, events=("end",), tag=("{*}row", "{*}col", "{*}mergeCell"), resolve_entities=False, no_network=True,
        huge_tree=False, load_dtd=False, recover=True,
    )  # fmt: skip
    for _, element in events:
        name = element.tag.rsplit("}", 1)[-1]
        if name == "row":
            row_number = int(r) if (r := element.get("r", "")).isdecimal() else row_number + 1
            if element.get("hidden") in _ON:
                layout.hidden_rows.add(row_number)
            layout.formulas_without_value += _without_value(element)
            _forget(element)
            if row_number > most_rows:
                break
        elif name == "col":
            if element.get("hidden") in _ON:
                layout.hidden_columns.append((_number(element.get("min")), _number(element.get("max"))))
        elif len(layout.merges) < _MOST_MERGES and (found := _range(element.get("ref", ""))):
            layout.merges.append(found)
    return layout


def _without_value(row: "_Element") -> int:
    count = 0
    for formula in row.iter("{*}f"):
        cell = formula.getparent()
        if cell is not None and not cell.findtext("{*}v") and (formula.text or formula.get("t")):
            count += 1
    return count


def _forget(element: "_Element") -> None:
    """Free a row that was read, and those before it."""
    element.clear()
    while element.getprevious() is not None:
        parent = element.getparent()
        if parent is None:
            return
        del parent[0]


def _range(text: str) -> tuple[int, int, int, int] | None:
    first, _, last = text.partition(":")
    start, end = _CELL.match(first), _CELL.match(last or first)
    if not start or not end:
        return None
    return int(start[2]), _column(start[1]), int(end[2]), _column(end[1])


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _number(text: str | None) -> int:
    return min(int(text), _MOST_COLUMNS) if text and text.isdecimal() else 0
