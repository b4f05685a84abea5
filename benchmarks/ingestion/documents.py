"""The documents of the benchmarks: real ones beside the checkout, and pages typeset on the spot from known texts."""

import errno
import functools
import os
from pathlib import Path

DEJAVU = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
_COLUMNS = 90
_LINES = 56
_FONT_SIZE = 10


def existing(folder: Path) -> Path:
    """The folder itself.

    Raises:
        FileNotFoundError: It is not there.
    """
    if not folder.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(folder))
    return folder


def files_under(folder: Path, *suffixes: str) -> list[Path]:
    """Files of these suffixes, or all, in order."""
    found = (path for path in sorted(existing(folder).rglob("*")) if path.is_file())
    return [path for path in found if not suffixes or path.suffix.lower() in suffixes]


@functools.lru_cache
def _font() -> tuple[str, frozenset[int]]:
    import reportlab
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    path = DEJAVU if DEJAVU.is_file() else Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"
    font = TTFont("bench", str(path))
    pdfmetrics.registerFont(font)
    return "bench", frozenset(font.face.charToGlyph)


def printed_lines(text: str) -> list[str]:
    """A text as lines that fit on a page, without characters that the font does not have."""
    _, known = _font()
    lines: list[str] = []
    for row in text.splitlines():
        line = ""
        for word in "".join(c if ord(c) in known else " " for c in row).split():
            if len(line) + len(word) + 1 > _COLUMNS and line:
                lines.append(line)
                line = ""
            line = f"{line} {word}".strip()[: 2 * _COLUMNS]
        lines.append(line)
    return lines


def typeset(lines: list[str], target: Path) -> Path:
    """Write lines as a PDF, 56 on a page."""
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfgen.canvas import Canvas

    name, _ = _font()
    canvas = Canvas(str(target), pagesize=A4)
    for first in range(0, len(lines), _LINES):
        canvas.setFont(name, _FONT_SIZE)
        for number, line in enumerate(lines[first : first + _LINES]):
            canvas.drawString(50, A4[1] - 60 - number * _FONT_SIZE * 1.3, line)
        canvas.showPage()
    canvas.save()
    return target


def page_of(lines: list[str], number: int) -> list[str]:
    """The lines of one page of a typeset text, the first being 0."""
    return lines[number * _LINES : (number + 1) * _LINES]
