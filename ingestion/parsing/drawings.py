"""Text of charts and diagrams that office files carry as XML: titles, series, categories and values."""

from typing import TYPE_CHECKING

from ingestion.parsing.tables import cell_text, markdown_table
from storage.records.parsed_document import BlockKind

if TYPE_CHECKING:
    from lxml.etree import _Element

C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
_VALUE = f"{C}v"
_MOST_POINTS = 1_000
_MOST_SERIES = 50


def chart_lines(root: "_Element") -> tuple[BlockKind, str]:
    """A chart as a table: categories down, series across; its title alone when it has no data.

    Args:
        root: The root of a chart part.
    """
    title = _rich_text(root.find(f".//{C}title"))
    categories: list[str] = []
    columns: list[tuple[str, list[str]]] = []
    for series in list(root.iter(f"{C}ser"))[:_MOST_SERIES]:
        categories = categories or _points(series.find(f"{C}cat")) or _points(series.find(f"{C}xVal"))
        values = _points(series.find(f"{C}val")) or _points(series.find(f"{C}yVal"))
        columns.append((" ".join(_points(series.find(f"{C}tx"))), values))
    if not any(values for _, values in columns):
        return BlockKind.PARAGRAPH, f"Chart: {title}" if title else ""
    length = max(len(categories), *(len(values) for _, values in columns))
    name = f"Chart: {title}" if title else "Chart"
    rows = [[cell_text(name), *(cell_text(series) for series, _ in columns)]]
    for place in range(length):
        rows.append([_at(categories, place), *(_at(values, place) for _, values in columns)])
    return BlockKind.TABLE, markdown_table(rows)


def diagram_lines(root: "_Element") -> list[str]:
    """The texts of a diagram's boxes, in the order of its data.

    Args:
        root: The root of a diagram's data part.
    """
    texts = (" ".join(t.text or "" for t in point.iter(f"{_A}t")) for point in root.iter(f"{_DIAGRAM}pt"))
    return [" ".join(text.split()) for text in texts if text.strip()]


def _points(element: "_Element | None") -> list[str]:
    if element is None:
        return []
    found: dict[int, str] = {}
    for point in element.iter(f"{C}pt"):
        place = point.get("idx", "")
        if place.isdecimal() and int(place) < _MOST_POINTS:
            found.setdefault(int(place), _rounded(point.findtext(_VALUE) or ""))
    return [found.get(place, "") for place in range(max(found, default=-1) + 1)]


def _rounded(text: str) -> str:
    """A number without the noise of binary fractions."""
    try:
        return f"{float(text):.10g}" if "." in text else text
    except ValueError:
        return text


def _rich_text(title: "_Element | None") -> str:
    return "" if title is None else " ".join("".join(t.text or "" for t in title.iter(f"{_A}t")).split())


def _at(values: list[str], place: int) -> str:
    return cell_text(values[place]) if place < len(values) else ""
