"""Headers and footers that run through a PDF: the same words at the same height on many pages, page numbers aside."""

import re
from collections import defaultdict

from ingestion.parsing.pdf_lines import PrintedLine

_BAND = 0.12
_MOST_LINES = 4
_FEWEST_PAGES = 3
_LEAST_SHARE = 0.4
_GRID = 6.0
_DIGITS = re.compile(r"\d+")
_ROMAN = re.compile(r"[ivxlc]{1,7}|[IVXLC]{1,7}")

Key = tuple[str, bool, int]


def running_lines(pages: list[list[PrintedLine]], heights: list[float]) -> dict[int, set[int]]:
    """Which lines of which pages are running headers and footers.

    Args:
        pages: The lines of each page.
        heights: The pages' heights in points.

    Returns:
        For each page's position, the positions of its lines to leave out; never all of them.
    """
    if len(pages) < _FEWEST_PAGES:
        return {}
    seen: dict[Key, list[tuple[int, int]]] = defaultdict(list)
    with_text = 0
    for page, (lines, height) in enumerate(zip(pages, heights, strict=True)):
        with_text += bool(lines)
        top, bottom = _bands(lines, height)
        for number in top + bottom:
            line = lines[number]
            from_edge = line.bottom if line.bottom < height / 2 else height - line.top
            text, is_upper = _key(line.text), line.bottom < height / 2
            for shift in (0.0, 0.5):  # two grids, so that no line falls between two heights
                key = (text, is_upper, int(from_edge / _GRID + shift) * 2 + int(shift * 2))
                seen[key].append((page, number))
    found: dict[int, set[int]] = defaultdict(set)
    for places in seen.values():
        on = sorted({page for page, _ in places})
        if len(on) < _FEWEST_PAGES:
            continue
        stretch = on[-1] - on[0] + 1
        if len(on) >= _LEAST_SHARE * with_text or (len(on) > _FEWEST_PAGES and len(on) >= _LEAST_SHARE * stretch):
            for page, number in places:
                found[page].add(number)
    edges = {page: _from_edges(pages[page], heights[page], numbers) for page, numbers in found.items()}
    return {page: numbers for page, numbers in edges.items() if 0 < len(numbers) < len(pages[page])}


def _from_edges(lines: list[PrintedLine], height: float, numbers: set[int]) -> set[int]:
    """Those of the lines that have nothing but others of them between themselves and the edge of the page."""
    kept: set[int] = set()
    for side in _bands(lines, height):
        for number in side:
            if number not in numbers:
                break
            kept.add(number)
    return kept


def _bands(lines: list[PrintedLine], height: float) -> tuple[list[int], list[int]]:
    """Positions of the few lines nearest to the upper and to the lower edge, from the edge inwards."""
    top = [n for n, line in enumerate(lines) if line.bottom < _BAND * height]
    bottom = [n for n, line in enumerate(lines) if line.top > (1 - _BAND) * height]
    top.sort(key=lambda n: lines[n].top)
    bottom.sort(key=lambda n: -lines[n].bottom)
    return top[:_MOST_LINES], bottom[:_MOST_LINES]


def _key(text: str) -> str:
    if _ROMAN.fullmatch(text):
        return "#"
    return " ".join(_DIGITS.sub("#", text).split()).casefold()
