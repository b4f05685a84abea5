"""Renders a source as a page picture: a PNG, or a PDF that holds only the picture, as a scanner makes it."""

from __future__ import annotations

import io
import time

from PIL import Image, ImageDraw, ImageFont

from scripts.examples.blocks import Heading, ListBlock, Paragraph, Source, Table
from scripts.examples.fonts import BOLD, REGULAR, font_path

DPI = 200
_PAGES = {"letter": (1654, 2339), "poster": (1654, 1180), "label": (1200, 1100)}
_SIZES = {"letter": 31, "poster": 40, "label": 38}
_MARGIN = 110
_SKEW_DEGREES = 0.4
"""A scanned sheet never lies perfectly straight."""


class _Page:
    """A white sheet that is filled from the top."""

    def __init__(self, layout: str) -> None:
        self.picture = Image.new("L", _PAGES[layout], 255)
        self._draw = ImageDraw.Draw(self.picture)
        self._size = _SIZES[layout]
        self._y = _MARGIN

    def write(self, text: str, *, weight: str = REGULAR, scale: float = 1.0, indent: int = 0) -> None:
        font = ImageFont.truetype(str(font_path(weight)), round(self._size * scale))
        room = self.picture.width - 2 * _MARGIN - indent
        for line in _wrap(text, font, room):
            self._draw.text((_MARGIN + indent, self._y), line, font=font, fill=0)
            self._y += round(font.size * 1.35)
        self.skip(0.45)

    def skip(self, lines: float) -> None:
        self._y += round(self._size * lines)
        if self._y > self.picture.height - _MARGIN // 2:
            raise ValueError(f"The text needs {self._y} px of {self.picture.height}. Shorten it.")

    def table(self, rows: tuple[tuple[str, ...], ...]) -> None:
        font = ImageFont.truetype(str(font_path(REGULAR)), self._size)
        step = (self.picture.width - 2 * _MARGIN) // len(rows[0])
        for row in rows:
            for column, cell in enumerate(row):
                self._draw.text((_MARGIN + column * step, self._y), cell, font=font, fill=0)
            self._y += round(self._size * 1.6)
        self.skip(0.6)


def _wrap(text: str, font: ImageFont.FreeTypeFont, room: int) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _draw(source: Source) -> Image.Image:
    page = _Page(source.layout)
    for block in source.blocks:
        match block:
            case Heading():
                page.skip(0.4)
                page.write(block.text, weight=BOLD, scale=1.5 if block.level == 1 else 1.15)
            case Paragraph():
                page.write(block.text)
            case ListBlock():
                for number, item in enumerate(block.items, start=1):
                    page.write(f"{number}. {item}" if block.is_ordered else f"- {item}", indent=30)
            case Table():
                page.table(block.rows)
    return page.picture


def render_png(source: Source) -> bytes:
    """Return a black-and-white PNG at 200 dots per inch."""
    buffer = io.BytesIO()
    _draw(source).convert("1", dither=Image.Dither.NONE).save(buffer, "PNG", dpi=(DPI, DPI), optimize=True)
    return buffer.getvalue()


def render_scan(source: Source) -> bytes:
    """Return a one-page PDF without a text layer: the slightly turned picture in fax compression."""
    tilted = _draw(source).rotate(_SKEW_DEGREES, resample=Image.Resampling.BICUBIC, fillcolor=255)
    stamp = time.struct_time((*source.date.timetuple()[:3], 9, 0, 0, 0, 1, 0))
    buffer = io.BytesIO()
    tilted.convert("1", dither=Image.Dither.NONE).save(
        buffer, "PDF", resolution=DPI, title=source.title, creationDate=stamp, modDate=stamp
    )
    return buffer.getvalue()
