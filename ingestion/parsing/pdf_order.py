"""Reading order: where a page has columns but the file gives its rows, the columns are put one after the other."""

import itertools

from ingestion.parsing.pdf_lines import UPRIGHT, PrintedLine

_FEWEST_ROWS = 6
_SHORTEST_SIDE = 18
_LEAST_SHARE = 0.5
_MOST_COLUMNS_DEPTH = 3
_MOST_GAPS = 400  # the work grows with the square


def in_reading_order(lines: list[PrintedLine]) -> list[PrintedLine]:
    """Put the lines of a page in the order in which a person reads them.

    The order of the file is kept, unless many of its rows run over the same gap between two columns of prose.
    """
    if any(line.bottom - line.top > UPRIGHT * line.size and line.is_upright for line in lines):
        lines = sorted(lines, key=lambda line: line.is_upright)  # stable: notes along the margin come last
    rows = sum(1 for line in lines if line.cells) + _side_by_side(lines)
    if rows < _FEWEST_ROWS:
        return lines
    parts = [part for line in lines for part in (line.cells or (line,))]
    ordered = _ordered(parts, _MOST_COLUMNS_DEPTH)
    return lines if ordered is None else ordered


def _side_by_side(lines: list[PrintedLine]) -> int:
    """How often a line stands to the right of the one before it, at the same height."""
    return sum(
        1
        for before, line in itertools.pairwise(lines)
        if line.left > before.right + line.size and abs(line.top - before.top) < 0.4 * line.size
    )


def _ordered(parts: list[PrintedLine], depth: int) -> list[PrintedLine] | None:
    """Columns left to right, each from top to bottom; None where there is no gutter."""
    gutter = _gutter(parts) if depth else None
    if gutter is None:
        return None
    result: list[PrintedLine] = []
    left: list[PrintedLine] = []
    right: list[PrintedLine] = []
    for part in sorted(parts, key=lambda part: part.top):
        if part.right <= gutter:
            left.append(part)
        elif part.left >= gutter:
            right.append(part)
        else:  # a title over both columns: what is above it comes first
            result += (_ordered(left, depth - 1) or left) + (_ordered(right, depth - 1) or right)
            result.append(part)
            left, right = [], []
    return result + (_ordered(left, depth - 1) or left) + (_ordered(right, depth - 1) or right)


def _gutter(parts: list[PrintedLine]) -> float | None:
    """Where most rows have a gap with prose on both sides of it."""
    gaps = [
        (before, part)
        for row in _rows(parts)
        for before, part in itertools.pairwise(row)
        if part.left - before.right > 0.8 * part.size
    ]
    gaps = gaps[:: 1 + len(gaps) // _MOST_GAPS]
    best: float | None = None
    most: list[tuple[PrintedLine, PrintedLine]] = []
    for before, part in gaps:
        middle = (before.right + part.left) / 2
        over = [gap for gap in gaps if gap[0].right <= middle <= gap[1].left]
        if len(over) > len(most):
            best, most = middle, over
    if best is None or len(most) < _FEWEST_ROWS:
        return None
    crossing = sum(1 for part in parts if part.left < best < part.right)
    if crossing > _LEAST_SHARE * len(most):
        return None
    sides = (_median([len(gap[0].text) for gap in most]), _median([len(gap[1].text) for gap in most]))
    return best if min(sides) >= _SHORTEST_SIDE else None


def _rows(parts: list[PrintedLine]) -> list[list[PrintedLine]]:
    rows: list[list[PrintedLine]] = []
    for part in sorted(parts, key=lambda part: (part.bottom, part.left)):
        if rows and abs(rows[-1][0].bottom - part.bottom) < 0.4 * max(part.size, 1.0):
            rows[-1].append(part)
        else:
            rows.append([part])
    for row in rows:
        row.sort(key=lambda part: part.left)
    return rows


def _median(values: list[int]) -> int:
    return sorted(values)[len(values) // 2]
