"""Tables of web pages as rows of cells; tables that only lay out a page are told from those that hold data."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_LONGEST_CELL = 2_000
_MOST_SPAN = 200
_MOST_CELLS = 500_000


def is_data_table(table: "HtmlElement") -> bool:
    """Whether a table holds data: several rows and columns of short cells."""
    if table.get("role") in ("presentation", "none"):
        return False
    if table.find(".//table") is not None:
        return False
    if table.find("caption") is not None or table.find(".//th") is not None:
        return True
    rows = list(_rows(table))
    widest = max((sum(1 for cell in row if cell.tag in ("td", "th")) for row in rows), default=0)
    if widest < 2:
        return False
    if any(True for _ in table.iter("h1", "h2", "h3", "form", "article")):
        return False
    return all(len(cell.text_content()) <= _LONGEST_CELL for cell in table.iter("td"))


def table_rows(
    table: "HtmlElement", text_of: Callable[["HtmlElement"], str], left_out: Callable[["HtmlElement"], bool]
) -> list[list[str]]:
    """The cells of a table, in a grid.

    A cell over several columns is written once. One over several rows is repeated in each, so that every row says all
    that it is about.

    Args:
        table: The table.
        text_of: Text of a cell.
        left_out: Whether a row is hidden.
    """
    grid: list[list[str]] = []
    hanging: dict[int, tuple[int, str]] = {}
    cells = 0
    for row in _rows(table):
        if left_out(row):
            continue
        line: list[str] = []
        for cell in row:
            if cell.tag not in ("td", "th"):
                continue
            _fill(line, hanging)
            width, height, text = _span(cell, "colspan"), _span(cell, "rowspan"), text_of(cell)
            if height > 1:
                hanging |= {len(line) + offset: (height - 1, text if not offset else "") for offset in range(width)}
            line += [text, *[""] * (width - 1)]
            cells += width
        _fill(line, hanging)
        grid.append(line)
        if cells > _MOST_CELLS:
            break
    return grid


def _fill(line: list[str], hanging: dict[int, tuple[int, str]]) -> None:
    """Add what hangs down into the next columns from rows above."""
    while (place := len(line)) in hanging:
        left, text = hanging.pop(place)
        line.append(text)
        if left > 1:
            hanging[place] = (left - 1, text)


def _rows(table: "HtmlElement") -> Iterator["HtmlElement"]:
    for child in table:
        if child.tag == "tr":
            yield child
        elif child.tag in ("thead", "tbody", "tfoot"):
            yield from (row for row in child if row.tag == "tr")


def _span(cell: "HtmlElement", name: str) -> int:
    value = (cell.get(name) or "1").strip()
    return min(_MOST_SPAN, max(1, int(value))) if value.isdecimal() and len(value) < 6 else 1
