"""Text in a PDF that a person who looks at the page does not see.

White on white, invisible by its render mode, nearly transparent, outside the page, or smaller than a point. The text
layer of a scanned page is invisible too, but it lies over the picture of the same words: that is kept.
"""

from collections.abc import Callable
from ctypes import POINTER, byref, c_uint, cast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ingestion.parsing.pdf_lines import HIDDEN, Box, LineReader, PrintedLine

if TYPE_CHECKING:
    from PIL.Image import Image
    from pypdfium2 import PdfPage, PdfTextPage

_INVISIBLE_MODES = (3, 7)
_NEARLY_WHITE = 235
_NEARLY_TRANSPARENT = 20
_SMALLEST_SIZE = 1.0
_EVEN = 24  # largest difference of grey levels in a place where nothing can be read
_MOST_PIXELS = 4_000_000
_SCALE = 1.0
_LONGEST_QUOTE = 80
_DEEPEST = 4
_WHY_INVISIBLE, _WHY_WHITE = "invisible text", "white text on a white ground"
_WHY_OUTSIDE, _WHY_TINY = "text outside the page", "text smaller than one point"


@dataclass(frozen=True, slots=True)
class HiddenText:
    """What was left out of a page, why, and how many lines stand before it."""

    page: int
    lines_before: int
    detail: str


def suspects(page: "PdfPage") -> bool:
    """Whether a page may hold text that cannot be seen: one look at each of its objects."""
    import pypdfium2.raw as raw

    return _holds_suspect(page.raw, raw.FPDFPage_CountObjects, raw.FPDFPage_GetObject, depth=_DEEPEST)


def _holds_suspect(parent: Any, count: Callable[[Any], int], get: Callable[[Any, int], Any], *, depth: int) -> bool:
    import pypdfium2.raw as raw

    color, channels = _color_buffer()
    pale: dict[bytes, bool] = {}
    mode_of, fill_of = raw.FPDFTextObj_GetTextRenderMode, raw.FPDFPageObj_GetFillColor
    for index in range(count(parent)):
        found = get(parent, index)
        mode = mode_of(found)
        if mode < 0:
            if raw.FPDFPageObj_GetType(found) == raw.FPDF_PAGEOBJ_FORM and (
                depth == 0
                or _holds_suspect(found, raw.FPDFFormObj_CountObjects, raw.FPDFFormObj_GetObject, depth=depth - 1)
            ):
                return True
        elif mode in _INVISIBLE_MODES:
            return True
        elif fill_of(found, *channels):
            key = bytes(color)
            if key not in pale:
                pale[key] = _is_pale(color)
            if pale[key]:
                return True
    return False


def _color_buffer() -> tuple[Any, list[Any]]:
    """Room for red, green, blue and alpha, and pointers to the four."""
    color = (c_uint * 4)()
    return color, [cast(byref(color, 4 * channel), POINTER(c_uint)) for channel in range(4)]


def without_hidden(page: "PdfPage", textpage: "PdfTextPage", text: str, number: int) -> tuple[str, list[HiddenText]]:
    """Put `HIDDEN` in place of the characters that nobody sees.

    Returns:
        The text, of the same length, and what was left out.
    """
    reader = LineReader(page, textpage, text)
    runs = _suspicious_runs(reader, textpage, text)
    if not runs:
        return text, []
    picture = _Picture(page)
    characters, found = list(text), []
    for start, end, why in runs:
        box = reader.box(start, end)
        if box is None or not text[start:end].strip() or not picture.shows_nothing(box):
            continue
        characters[start:end] = [c if c in "\r\n" else HIDDEN for c in text[start:end]]
        place = f"{box[0]:g}, {box[1]:g} pt from the top left"
        before = text.count("\n", 0, start)
        shown_why = _WHY_OUTSIDE if is_outside(box, page.get_size()) else why
        found.append(HiddenText(number, before, f"{shown_why} at {place}: {_quoted(text[start:end])}"))
    return "".join(characters), found


def without_unseen_lines(
    lines: list[PrintedLine], size: tuple[float, float], number: int
) -> tuple[list[PrintedLine], list[HiddenText]]:
    """Leave out lines outside the page and lines too small to see."""
    shown: list[PrintedLine] = []
    found: list[HiddenText] = []
    for line in lines:
        if line.right <= 0 and line.left == line.right == line.top == line.bottom:
            why = ""  # its place is not known
        elif is_outside((line.left, line.top, line.right, line.bottom), size):
            why = _WHY_OUTSIDE
        elif 0 < line.size < _SMALLEST_SIZE and line.bottom - line.top < _SMALLEST_SIZE:
            why = _WHY_TINY
        else:
            why = ""
        if why:
            place = f"{line.left:g}, {line.top:g} pt from the top left"
            found.append(HiddenText(number, len(shown), f"{why} at {place}: {_quoted(line.text)}"))
        else:
            shown.append(line)
    return shown, found


def is_outside(box: Box, size: tuple[float, float]) -> bool:
    """Whether no part of a box is on a page of this width and height."""
    left, top, right, bottom = box
    return right < 0 or bottom < 0 or left > size[0] or top > size[1]


class _Picture:
    """The page as it is shown, drawn when first needed."""

    def __init__(self, page: "PdfPage") -> None:
        self._page = page
        self._image: Image | None = None
        width, height = page.get_size()
        self._scale = min(_SCALE, (_MOST_PIXELS / max(1.0, width * height)) ** 0.5)

    def shows_nothing(self, box: Box) -> bool:
        """Whether the place of a text is of one colour, so that there is nothing to read."""
        if self._image is None:
            self._image = self._page.render(scale=self._scale, grayscale=True, may_draw_forms=False).to_pil()
        left, top, right, bottom = (edge * self._scale for edge in box)
        area = (
            max(0, int(left) - 1),
            max(0, int(top) - 1),
            min(self._image.width, int(right) + 2),
            min(self._image.height, int(bottom) + 2),
        )
        if area[0] >= area[2] or area[1] >= area[3]:
            return True
        low, high = self._image.crop(area).getextrema()
        return float(high) - float(low) <= _EVEN  # type: ignore[arg-type]


def _suspicious_runs(reader: LineReader, textpage: "PdfTextPage", text: str) -> list[tuple[int, int, str]]:
    """Stretches of characters, within lines, whose object is invisible or pale."""
    import pypdfium2.raw as raw

    handle, known = textpage.raw, {}
    color, channels = _color_buffer()
    runs: list[tuple[int, int, str]] = []
    start, current = 0, ""
    for position, character in enumerate(text):
        if character in "\r\n":
            why = ""
        else:
            found = raw.FPDFText_GetTextObject(handle, reader.index(position))
            if not found:  # a blank that PDFium put in
                continue
            address = int.from_bytes(bytes(found), "little")
            if address not in known:
                mode = raw.FPDFTextObj_GetTextRenderMode(found)
                is_pale = bool(raw.FPDFPageObj_GetFillColor(found, *channels)) and _is_pale(color)
                known[address] = _WHY_INVISIBLE if mode in _INVISIBLE_MODES else _WHY_WHITE if is_pale else ""
            why = known[address]
        if why != current:
            if current:
                runs.append((start, position, current))
            start, current = position, why
    if current:
        runs.append((start, len(text), current))
    return runs


def _is_pale(color: Any) -> bool:
    red, green, blue, alpha = color
    return bool(alpha <= _NEARLY_TRANSPARENT or min(red, green, blue) >= _NEARLY_WHITE)


def _quoted(text: str) -> str:
    flat = " ".join(text.replace(HIDDEN, "").split())
    return f"“{flat[:_LONGEST_QUOTE]}…”" if len(flat) > _LONGEST_QUOTE else f"“{flat}”"
