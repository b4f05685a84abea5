"""Finds the tables of a sheet: blocks of rows between empty ones, with titles above and notes below."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ingestion.parsing.tables import markdown_table
from storage.records.parsed_document import BlockKind

_MOST_TITLE_ROWS = 10
_WIDE_GAP = 2  # empty columns between tables that stand side by side


class Cell(NamedTuple):
    """A cell's text, and whether it is a number or date rather than words."""

    text: str = ""
    is_number: bool = False


Rows = list[list[Cell]]


def sheet_blocks(rows: Sequence[Sequence[Cell]]) -> Iterator[tuple[BlockKind, str]]:
    """The blocks of a sheet, in reading order.

    Args:
        rows: All rows from the first, also the empty ones; they may differ in length.
    """
    regions = _joined([part for region in _by_rows(rows) for part in _by_columns(region)])
    for region in regions:
        yield from _region_blocks(region)


def _by_rows(rows: Sequence[Sequence[Cell]]) -> Iterator[Rows]:
    region: Rows = []
    for row in [*rows, []]:
        if any(cell.text for cell in row):
            region.append(list(row))
        elif region:
            yield region
            region = []


def _by_columns(region: Rows) -> list[tuple[int, Rows]]:
    """Parts of a region with at least two empty columns between them, each with its first column."""
    width = max(len(row) for row in region)
    used = [any(len(row) > column and row[column].text for row in region) for column in range(width)]
    parts: list[tuple[int, int]] = []
    for column in (place for place, is_used in enumerate(used) if is_used):
        if parts and column - parts[-1][1] <= _WIDE_GAP:
            parts[-1] = (parts[-1][0], column)
        else:
            parts.append((column, column))
    # A lone column far to the right belongs to the rows beside it; two columns or more are a table of their own.
    if any(sum(used[first : last + 1]) < 2 for first, last in parts):
        parts = [(parts[0][0], parts[-1][1])]
    found = []
    for first, last in parts:
        kept = [column for column in range(first, last + 1) if used[column]]
        rows = [[row[column] if len(row) > column else Cell() for column in kept] for row in region]
        found.append((first, [row for row in rows if any(cell.text for cell in row)]))
    return found


def _joined(regions: list[tuple[int, Rows]]) -> list[Rows]:
    """Regions, with those that go on a table after an empty row joined to it."""
    joined: list[tuple[int, Rows]] = []
    for first, rows in regions:
        if joined and joined[-1][0] == first and _goes_on(joined[-1][1], rows):
            joined[-1][1].extend(rows)
        else:
            joined.append((first, rows))
    return [rows for _, rows in joined]


def _goes_on(before: Rows, rows: Rows) -> bool:
    """Whether a region has no header of its own: numbers stand where the table above has them."""
    if len(before) < 2 or len(before[-1]) != len(rows[0]) or len(rows[0]) < 2:
        return False
    same = [cell.is_number == above.is_number for cell, above in zip(rows[0], before[-1], strict=True) if cell.text]
    return any(cell.is_number for cell in rows[0]) and all(same)


def _region_blocks(region: Rows) -> Iterator[tuple[BlockKind, str]]:
    width = max(_filled(row) for row in region)
    if width < 2:
        yield BlockKind.PARAGRAPH, "\n".join(_line(row) for row in region)
        return
    start = 0
    while (
        start < min(_MOST_TITLE_ROWS, len(region) - 1) and _filled(region[start]) == 1 and not _is_label(region, start)
    ):
        yield BlockKind.PARAGRAPH, _line(region[start])
        start += 1
    end = len(region)
    while (
        end - 1 > start + 1
        and _filled(region[end - 1]) == 1
        and region[end - 1][0].text
        and len(_line(region[end - 1])) > 60
    ):
        end -= 1  # a note below the table
    yield BlockKind.TABLE, markdown_table([[cell.text for cell in row] for row in region[start:end]])
    for row in region[end:]:
        yield BlockKind.PARAGRAPH, _line(row)


def _is_label(region: Rows, place: int) -> bool:
    """Whether a row with one cell begins the table itself: its cell is not in the first column."""
    return not region[place][0].text


def _filled(row: Sequence[Cell]) -> int:
    return sum(1 for cell in row if cell.text)


def _line(row: Sequence[Cell]) -> str:
    return " ".join(cell.text for cell in row if cell.text).replace("\\|", "|")
