"""Renders a source as a PDF with a text layer; reportlab's invariant mode keeps the bytes the same."""

from __future__ import annotations

import io
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, ListFlowable, ListItem, SimpleDocTemplate, Spacer, TableStyle
from reportlab.platypus import Paragraph as PdfParagraph
from reportlab.platypus import Table as PdfTable

from scripts.examples.blocks import Block, Heading, ListBlock, Paragraph, Source, Table
from scripts.examples.fonts import BOLD, REGULAR, register

_BODY = ParagraphStyle("body", fontName=REGULAR, fontSize=9.5, leading=13, spaceAfter=5)
_CELL = ParagraphStyle("cell", fontName=REGULAR, fontSize=8.5, leading=11)
_HEAD_CELL = ParagraphStyle("head", parent=_CELL, fontName=BOLD)
_TITLE = ParagraphStyle("h1", fontName=BOLD, fontSize=17, leading=22, spaceAfter=8)
_SECTION = ParagraphStyle("h2", fontName=BOLD, fontSize=12, leading=16, spaceBefore=8, spaceAfter=4)
_GRID = TableStyle(
    [
        ("GRID", (0, 0), (-1, -1), 0.4, colors.grey),
        ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ]
)
_WIDTH = A4[0] - 44 * mm


def render_pdf(source: Source) -> bytes:
    """Return the PDF file of a source: A4, page numbers in the foot, tables that repeat their header."""
    register()
    buffer = io.BytesIO()
    document = SimpleDocTemplate(
        buffer,
        pagesize=A4,
        leftMargin=22 * mm,
        rightMargin=22 * mm,
        topMargin=20 * mm,
        bottomMargin=22 * mm,
        title=source.title,
        author=source.author,
        lang=source.language,
        invariant=1,
    )

    def foot(canvas: Canvas, _: SimpleDocTemplate) -> None:
        canvas.setFont(REGULAR, 7.5)
        canvas.drawString(22 * mm, 12 * mm, source.title)
        canvas.drawRightString(A4[0] - 22 * mm, 12 * mm, str(canvas.getPageNumber()))

    story = [flowable for block in source.blocks for flowable in _flowables(block)]
    document.build(story, onFirstPage=foot, onLaterPages=foot)
    return buffer.getvalue()


def _flowables(block: Block) -> list[Flowable]:
    match block:
        case Heading():
            return [PdfParagraph(escape(block.text), _TITLE if block.level == 1 else _SECTION)]
        case Paragraph():
            return [PdfParagraph(escape(block.text), _BODY)]
        case ListBlock():
            items: list[Any] = [ListItem(PdfParagraph(escape(item), _BODY)) for item in block.items]
            start = "1" if block.is_ordered else "•"
            kind = "1" if block.is_ordered else "bullet"
            return [ListFlowable(items, bulletType=kind, start=start, bulletFontName=REGULAR, bulletFontSize=9)]
        case Table():
            return [_table(block), Spacer(1, 6)]


def _table(block: Table) -> PdfTable:
    """Columns share the width by their longest cell, so that short codes do not waste space."""
    longest = [max(len(row[column]) for row in block.rows) for column in range(len(block.rows[0]))]
    weights = [min(max(length, 10), 42) for length in longest]
    cells = [
        [PdfParagraph(escape(cell), _CELL if index else _HEAD_CELL) for cell in row]
        for index, row in enumerate(block.rows)
    ]
    widths = [_WIDTH * weight / sum(weights) for weight in weights]
    return PdfTable(cells, colWidths=widths, repeatRows=1, style=_GRID)
