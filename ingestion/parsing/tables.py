"""Rows of cells as Markdown tables, one line a row, which the chunker cuts between rows."""

from collections.abc import Sequence

_MOST_COLUMNS = 500


def cell_text(text: str) -> str:
    """A cell on one line, with its pipes escaped so that they cannot end it."""
    return " ".join(text.split()).replace("\\|", "|").replace("|", "\\|")


def markdown_table(rows: Sequence[Sequence[str]]) -> str:
    """A table; its first row is the header. Shorter rows are filled, so that every row has all columns.

    Args:
        rows: Cells as `cell_text` gives them; rows without any text are left out.

    Returns:
        The table, or an empty text when nothing is in it.
    """
    filled = [row for row in rows if any(row)]
    width = min(_MOST_COLUMNS, max((_used(row) for row in filled), default=0))
    if not width:
        return ""
    lines = ["| " + " | ".join([*row[:width], *[""] * (width - len(row))]) + " |" for row in filled]
    return "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])


def _used(row: Sequence[str]) -> int:
    return max((place + 1 for place, cell in enumerate(row) if cell), default=0)
