"""The one font family of the examples: Bitstream Vera, which comes with reportlab and may be passed on."""

from __future__ import annotations

from pathlib import Path

import reportlab
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from scripts.examples.blocks import Source

_FOLDER = Path(reportlab.__file__).parent / "fonts"
REGULAR = "Vera"
BOLD = "VeraBd"


def font_path(name: str) -> Path:
    """Path of one of the bundled font files."""
    return _FOLDER / f"{name}.ttf"


def register() -> None:
    """Make both weights known to reportlab; calling it twice is harmless."""
    for name in (REGULAR, BOLD):
        pdfmetrics.registerFont(TTFont(name, str(font_path(name))))


def require_glyphs(source: Source) -> None:
    """Refuse a text that the font cannot show, since an empty box would be rendered silently.

    Raises:
        ValueError: naming the source and the characters.
    """
    known = TTFont(REGULAR, str(font_path(REGULAR))).face.charToGlyph
    missing = sorted({char for text in source.texts() for char in text if ord(char) not in known})
    if missing:
        raise ValueError(f"{source.name}: the font has no glyph for {missing}. Use other characters.")
