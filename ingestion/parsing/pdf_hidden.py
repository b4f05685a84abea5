"""Text in a PDF that a person who looks at the page does not see.

White on white, invisible by its render mode, nearly transparent, outside the page, or smaller than a point. The text
layer of a scanned page is invisible too, but it lies over the picture of the same words: that is kept.
"""

import math
from collections.abc import Callable, Sequence
from ctypes import c_uint
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingestion.parsing.pdf_lines import HIDDEN, Box, LineReader, PrintedLine
from ingestion.parsing.pdfium_calls import Numbers, address_of, pdfium_calls

if TYPE_CHECKING:
    from PIL.Image import Image
    from pypdfium2 import PdfPage, PdfTextPage

_FORM = 5  # FPDF_PAGEOBJ_FORM: an object that holds others
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
    calls = pdfium_calls()
    return _holds_suspect(address_of(page.raw), calls.count_page_objects, calls.get_page_object, depth=_DEEPEST)


def _holds_suspect(
    parent: int, count: Callable[[int], int], get: Callable[[int, int], int | None], *, depth: int
) -> bool:
    calls, color = pdfium_calls(), Numbers(c_uint)
    mode_of, fill_of, values = calls.get_render_mode, calls.get_fill_color, color.values
    red, green, blue, alpha = color.addresses
    last: list[int] = []
    for index in range(count(parent)):
        found = get(parent, index) or 0
        mode = mode_of(found)
        if mode < 0:
            if calls.get_type(found) == _FORM and (
                depth == 0 or _holds_suspect(found, calls.count_form_objects, calls.get_form_object, depth=depth - 1)
            ):
                return True
        elif mode in _INVISIBLE_MODES:
            return True
        elif fill_of(found, red, green, blue, alpha):
            seen = values()
            if seen != last:  # most follow one of the same colour
                if _is_pale(seen):
                    return True
                last = seen
    return False


def without_hidden(page: "PdfPage", textpage: "PdfTextPage", text: str, number: int) -> tuple[str, list[HiddenText]]:
    """Put `HIDDEN` in place of the characters that nobody sees.

    Returns:
        The text, of the same length, and what was left out.
    """
    reader = LineReader(page, textpage, text)
    runs = _suspicious_runs(reader, textpage, text)
    if not runs:
        return text, []
    places = [(start, end, why, reader.box(start, end)) for start, end, why in runs if not text[start:end].isspace()]
    picture = _Picture(page, [box for _, _, _, box in places if box is not None])
    characters, found = list(text), []
    for start, end, why, box in places:
        if box is None or not picture.shows_nothing(box):
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
    width, height = size
    if all(
        line.right > 0
        and line.bottom >= 0
        and line.left <= width
        and line.top <= height
        and line.size >= _SMALLEST_SIZE
        for line in lines
    ):
        return lines, []
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
    """The part of a page that holds some boxes, as it is shown; drawn when first needed."""

    def __init__(self, page: "PdfPage", boxes: list[Box]) -> None:
        self._page = page
        self._image: Image | None = None
        width, height = page.get_size()
        scale = min(_SCALE, (_MOST_PIXELS / max(1.0, width * height)) ** 0.5)
        self._scale, self._width, self._height = scale, math.ceil(width * scale), math.ceil(height * scale)
        # Most of the cost is what is drawn, and mostly the boxes are in one corner.
        parts = [area for area in map(self._area, boxes) if area is not None]
        self._left = min((area[0] for area in parts), default=0)
        self._top = min((area[1] for area in parts), default=0)
        self._right = max((area[2] for area in parts), default=0)
        self._bottom = max((area[3] for area in parts), default=0)

    def shows_nothing(self, box: Box) -> bool:
        """Whether the place of a text, one of the boxes, is of one colour, so that there is nothing to read."""
        area = self._area(box)
        if area is None:
            return True
        if self._image is None:
            cut = (self._left, self._height - self._bottom, self._width - self._right, self._top)
            self._image = self._page.render(scale=self._scale, crop=cut, grayscale=True, may_draw_forms=False).to_pil()
        left, top, right, bottom = area
        place = (left - self._left, top - self._top, right - self._left, bottom - self._top)
        low, high = self._image.crop(place).getextrema()
        return float(high) - float(low) <= _EVEN  # type: ignore[arg-type]

    def _area(self, box: Box) -> tuple[int, int, int, int] | None:
        """The pixels of a box and one around it; None where there are none on the page."""
        left, top, right, bottom = (edge * self._scale for edge in box)
        area = (
            max(0, int(left) - 1),
            max(0, int(top) - 1),
            min(self._width, int(right) + 2),
            min(self._height, int(bottom) + 2),
        )
        return area if area[0] < area[2] and area[1] < area[3] else None


def _suspicious_runs(reader: LineReader, textpage: "PdfTextPage", text: str) -> list[tuple[int, int, str]]:
    """Stretches of characters, within lines, whose object is invisible or pale."""
    calls, handle, index = pdfium_calls(), address_of(textpage.raw), reader.index
    object_of = calls.get_text_object
    known: dict[int, str] = {}
    runs: list[tuple[int, int, str]] = []
    start, current = 0, ""
    for position, character in enumerate(text):
        if character in "\r\n":
            why = ""
        else:
            found = object_of(handle, index(position))
            if not found:  # a blank that PDFium put in
                continue
            if found not in known:
                known[found] = _suspicion(found)
            why = known[found]
        if why != current:
            if current:
                runs.append((start, position, current))
            start, current = position, why
    if current:
        runs.append((start, len(text), current))
    return runs


def _suspicion(text_object: int) -> str:
    calls, color = pdfium_calls(), Numbers(c_uint)
    if calls.get_render_mode(text_object) in _INVISIBLE_MODES:
        return _WHY_INVISIBLE
    return _WHY_WHITE if calls.get_fill_color(text_object, *color.addresses) and _is_pale(color.values()) else ""


def _is_pale(color: Sequence[int]) -> bool:
    red, green, blue, alpha = color
    return alpha <= _NEARLY_TRANSPARENT or min(red, green, blue) >= _NEARLY_WHITE


def _quoted(text: str) -> str:
    flat = " ".join(text.replace(HIDDEN, "").split())
    return f"“{flat[:_LONGEST_QUOTE]}…”" if len(flat) > _LONGEST_QUOTE else f"“{flat}”"
