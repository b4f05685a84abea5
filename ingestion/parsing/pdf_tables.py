"""Tables, where the places of the cells make them plain: rows of as many cells, each under the one above."""

import itertools
import re
from collections.abc import Iterator

from ingestion.parsing.pdf_lines import PrintedLine

_FEWEST_ROWS = 3
_MARK = re.compile(r"[^\w\s]|\(?(?:\w|\d{1,3}|[ivx]{1,5})[.)]")
_LARGEST_ROW_GAP = 2.5
_MOST_ROWS = 300  # a page holds no more, and the work grows with the square


def tables_and_lines(lines: list[PrintedLine]) -> Iterator[PrintedLine | list[PrintedLine]]:
    """A page's lines in order, with the rows of each table together in a list."""
    if not any(line.cells or (line.left > before.right and _is_beside(before, line)) for before, line in _pairs(lines)):
        yield from lines
        return
    rows: list[PrintedLine] = []
    parts: list[PrintedLine] = []  # the lines that the rows were made of
    for group in _same_height(lines):
        row = group[0] if len(group) == 1 else _row_of(group)
        if rows and (len(rows) >= _MOST_ROWS or not _belongs(rows, row)):
            yield from _closed(rows, parts)
            rows, parts = [], []
        if rows or row.cells:
            rows.append(row)
            parts += group
        else:
            yield row
    yield from _closed(rows, parts)


def _pairs(lines: list[PrintedLine]) -> Iterator[tuple[PrintedLine, PrintedLine]]:
    """Each line with the one before it; the first with itself."""
    return zip(itertools.chain(lines[:1], lines), lines, strict=False)


def _same_height(lines: list[PrintedLine]) -> Iterator[list[PrintedLine]]:
    group: list[PrintedLine] = []
    for line in lines:
        if group and not _is_beside(group[-1], line):
            yield group
            group = []
        group.append(line)
    if group:
        yield group


def _is_beside(before: PrintedLine, line: PrintedLine) -> bool:
    """Whether a line stands to the right of another, at its height and with a wide blank between."""
    shared = min(before.bottom, line.bottom) - max(before.top, line.top)
    return line.left > before.right + max(line.size, 6.0) and shared > 0.5 * min(
        before.bottom - before.top, line.bottom - line.top
    )


def _row_of(group: list[PrintedLine]) -> PrintedLine:
    return PrintedLine(
        text=" ".join(line.text for line in group),
        size=group[0].size,
        left=group[0].left,
        top=min(line.top for line in group),
        right=group[-1].right,
        bottom=max(line.bottom for line in group),
        cells=tuple(cell for line in group for cell in (line.cells or (line,))),
    )


def cells_of(rows: list[PrintedLine]) -> list[list[str]]:
    """The texts of a table's cells, a row for each row, with empty cells where a column has nothing."""
    columns = _columns(rows)
    table = []
    for row in rows:
        texts = [""] * len(columns)
        for cell in row.cells or (row,):
            number = _column(columns, cell)
            texts[number] = f"{texts[number]} {cell.text}".strip()
        table.append(texts)
    return table


def _belongs(rows: list[PrintedLine], line: PrintedLine) -> bool:
    before = rows[-1]
    height = max(before.bottom - before.top, before.size, 1.0)
    if not -0.2 * height <= line.top - before.bottom <= _LARGEST_ROW_GAP * height:
        return False
    columns = _columns(rows)
    cells = line.cells or (line,)
    if not line.cells and (len(columns) < 2 or _overlaps(columns, line) != 1 or line.left <= columns[0][1]):
        return False  # a lone text may fill one cell of a later column; under the first it is a new paragraph
    hits = [_overlaps(columns, cell) for cell in cells]
    return max(hits) <= 1 and sum(hits) >= min(2, len(cells))


def _columns(rows: list[PrintedLine]) -> list[tuple[float, float]]:
    """The widths that the cells of the rows take, joined where they overlap."""
    spans = sorted((cell.left, cell.right) for row in rows for cell in (row.cells or (row,)))
    columns: list[tuple[float, float]] = []
    for left, right in spans:
        if columns and left < columns[-1][1]:
            columns[-1] = (columns[-1][0], max(columns[-1][1], right))
        else:
            columns.append((left, right))
    return columns


def _overlaps(columns: list[tuple[float, float]], cell: PrintedLine) -> int:
    return sum(1 for left, right in columns if cell.left < right and left < cell.right)


def _column(columns: list[tuple[float, float]], cell: PrintedLine) -> int:
    return next((n for n, (_, right) in enumerate(columns) if cell.left < right), len(columns) - 1)


def _closed(rows: list[PrintedLine], parts: list[PrintedLine]) -> Iterator[PrintedLine | list[PrintedLine]]:
    full = sum(1 for row in rows if row.cells)
    marks = [row.cells[0].text for row in rows if row.cells]
    if all(len(row.cells) <= 2 for row in rows) and all(_MARK.fullmatch(mark) for mark in marks):
        yield from parts  # bullets or numbers and what follows them
    elif full >= _FEWEST_ROWS or (full == _FEWEST_ROWS - 1 and all(len(row.cells) > 2 for row in rows)):
        yield rows
    else:
        yield from parts
