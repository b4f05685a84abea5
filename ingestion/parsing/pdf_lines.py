"""From the characters of a PDF page to its printed lines, with few calls into PDFium: they cost more than its work."""

import re
from collections.abc import Callable, Sequence
from ctypes import c_double
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ingestion.parsing.pdfium_calls import Numbers, address_of, pdfium_calls

if TYPE_CHECKING:
    from pypdfium2 import PdfPage, PdfTextPage

SOFT_HYPHEN = "\x02"  # PDFium writes it, or U+FFFE, for a hyphen at the end of a line
HIDDEN = "\uffff"  # stands for a character that nobody sees; no text has it
_BREAKS = re.compile("\r\n?|\n|\ufffe|\x02")
_NOT_TEXT = re.compile("[\x00-\x01\x03-\x1f\x7f\ud800-\udfff]")
_CUT_CODES = re.compile("[\ud400-\ufaff]")  # where characters above U+FFFF land when they are cut to 16 bits
_TURNED_LIGATURE = re.compile("[\u0622\u0623\u0625\u0627]\u0644")  # alef and lam, where lam and alef were drawn
_LIGATURES = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
    | dict.fromkeys("\uf0b7\uf0a7\uf06e\uf0d8\uf076\uf0fc\uf02d", "•")  # bullets of the Symbol and Wingdings fonts
    | dict.fromkeys("\uf06f\uf0a8\uf071\uf072", "☐")
    | dict.fromkeys("\u00ad\u200b\ufeff", "")
    | {"\u00a0": " ", "\ufffe": "-", HIDDEN: ""}
)
_TO_LETTERS = re.compile("[ﬀ-ﬆ\uf02d-\uf0fc\u00a0\u00ad\u200b\ufeff\ufffe\uffff]")
_ODD = re.compile(
    "[\x00\x01\x03-\x09\x0b\x0c\x0e-\x1f\x7f\u00a0\u00ad\u200b\ud800-\udfff\uf02d-\uf0fc\ufb00-\ufeff\uffff]"
)
_ARABIC_FORMS = re.compile("[\ufb1d-\ufdff\ufe70-\ufefc]")
_SUSPECT_SIZE = 2.0
UPRIGHT = 3.0
_SAMPLE = 200
_LEAST_SWAPPED = 4
_FLATTEST, _TALLEST = 0.25, 1.8

Box = tuple[float, float, float, float]
Convert = Callable[[Sequence[float]], Box]


@dataclass(slots=True)
class PrintedLine:
    """One line as printed: text, font size in points, and its box from the page's top left.

    `cells` are its parts where wide blanks divide it: columns, or the cells of a table's row.
    """

    text: str
    size: float
    left: float
    top: float
    right: float
    bottom: float
    cells: "tuple[PrintedLine, ...]" = ()

    @property
    def is_upright(self) -> bool:
        """Whether it runs up or down the page, as a stamp on the margin does."""
        return self.bottom - self.top > UPRIGHT * max(self.size, 1.0) and self.right - self.left < UPRIGHT * self.size


def page_text(textpage: "PdfTextPage") -> str:
    """All characters of a page, in one call."""
    import pypdfium2.raw as raw

    text: str = textpage.get_text_range(errors="surrogatepass")
    if _is_byte_swapped(text[:_SAMPLE]):
        return "".join(chr(ord(c) >> 8) if ord(c) & 0xFF == 0 and ord(c) > 0xFF else c for c in text)
    if not _CUT_CODES.search(text) and not _TURNED_LIGATURE.search(text):
        return text
    characters = list(text)
    same = len(text) == textpage.count_chars()

    def index(position: int) -> int:
        return position if same else int(raw.FPDFText_GetCharIndexFromTextIndex(textpage, position))

    for match in _CUT_CODES.finditer(text):
        code = raw.FPDFText_GetUnicode(textpage, index(match.start()))
        if 0xFFFF < code <= 0x10FFFF:
            characters[match.start()] = chr(code)
    for match in _TURNED_LIGATURE.finditer(text):
        first, second = (textpage.get_charbox(index(match.start() + step)) for step in (0, 1))
        if first == second:  # one glyph for two letters, which PDFium turned with the rest of the line
            characters[match.start() : match.end()] = match[0][1], match[0][0]
    return "".join(characters)


def _is_byte_swapped(sample: str) -> bool:
    """Some programs write the table of characters in the wrong byte order: `M` becomes U+4D00."""
    if sample[:1].isascii():
        return False
    letters = [ord(character) for character in sample if not character.isspace()]
    swapped = sum(1 for code in letters if code & 0xFF == 0 and 0x20 <= code >> 8 < 0x7F)
    return swapped >= _LEAST_SWAPPED and swapped > 0.9 * len(letters)


def cleaned(text: str) -> str:
    """Ligatures as letters, bullets as bullets, and nothing that no reader would type."""
    text = _NOT_TEXT.sub(" ", text)
    if _TO_LETTERS.search(text):
        text = text.translate(_LIGATURES)
    if _ARABIC_FORMS.search(text):
        import unicodedata

        text = _ARABIC_FORMS.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    return text


class LineReader:
    """Reads the lines of one page. The text may have `HIDDEN` in place of characters to leave out."""

    def __init__(self, page: "PdfPage", textpage: "PdfTextPage", text: str) -> None:
        import pypdfium2.raw as raw

        self._raw = raw
        self._page = textpage.raw
        self._textpage = textpage
        self._text = text
        self._same_indexes = len(text) == textpage.count_chars()
        self._is_odd = _ODD.search(text) is not None  # most pages need no cleaning
        self._convert, self._plain = to_top_left(page)
        calls = pdfium_calls()
        self._count_rects, self._get_rect, self._get_font_size = calls.count_rects, calls.get_rect, calls.get_font_size
        self._handle, self._edges = address_of(textpage.raw), Numbers(c_double)

    def lines(self) -> list[PrintedLine]:
        """The printed lines, in the order of the file."""
        found: list[PrintedLine] = []
        text, start = self._text, 0
        for match in _BREAKS.finditer(text):
            end = match.start()
            if text[end] in "\ufffe\x02":
                if not self._ends_line(end):
                    continue
                self._add(found, start, end, hyphen=SOFT_HYPHEN)
            elif end > start:
                self._add(found, start, end)
            start = match.end()
        self._add(found, start, len(text))
        return found

    def index(self, position: int) -> int:
        """PDFium's number of the character at a position of the text."""
        if self._same_indexes:
            return position
        return int(self._raw.FPDFText_GetCharIndexFromTextIndex(self._page, position))

    def box(self, start: int, end: int) -> Box | None:
        """The box of some characters of the text, from the page's top left."""
        rectangles = self._rectangles(start, end)
        if not rectangles:
            return None
        return self._convert(_around(rectangles))

    def _add(self, found: list[PrintedLine], start: int, end: int, hyphen: str = "") -> None:
        piece = self._text[start:end]
        shown = (cleaned(piece) if self._is_odd else piece).strip()
        if not shown and not hyphen:
            return
        if piece[:1].isspace():
            start += len(piece) - len(piece.lstrip())
        rectangles = self._rectangles(start, end)
        if not rectangles:
            found.append(PrintedLine(shown + hyphen, self._size(start, 0.0), 0.0, 0.0, 0.0, 0.0))
            return
        left, top, right, bottom = self._convert(rectangles[0] if len(rectangles) == 1 else _around(rectangles))
        line = PrintedLine(shown + hyphen, self._size(start, bottom - top), left, top, right, bottom)
        if len(rectangles) > 1 and self._plain:
            line.cells = self._cells(line, rectangles, start, end, hyphen)
        found.append(line)

    def _rectangles(self, start: int, end: int) -> list[list[float]]:
        handle, values = self._handle, self._edges.values
        left, bottom, right, top = self._edges.addresses
        if self._same_indexes:
            count = self._count_rects(handle, start, end - start)
            if count == 1:  # most lines
                self._get_rect(handle, 0, left, top, right, bottom)
                return [values()]
        else:
            first = self.index(start)
            count = self._count_rects(handle, first, self.index(end - 1) + 1 - first)
        boxes = []
        for number in range(count):
            self._get_rect(handle, number, left, top, right, bottom)
            boxes.append(values())
        return boxes

    def _size(self, start: int, height: float) -> float:
        """The font size as printed: the file may set 1 point and enlarge by a matrix."""
        index = start if self._same_indexes and self._text[start].isalnum() else self.index(self._first_letter(start))
        size = self._get_font_size(self._handle, index)
        if size > _SUSPECT_SIZE and _FLATTEST * size <= height <= _TALLEST * size:
            return size
        matrix = self._raw.FS_MATRIX()
        if not self._raw.FPDFText_GetMatrix(self._page, index, matrix):
            return size
        return size * float((matrix.c * matrix.c + matrix.d * matrix.d) ** 0.5) or size

    def _first_letter(self, start: int) -> int:
        """Not a bullet before it, which may be larger."""
        text = self._text
        if text[start].isalnum():
            return start
        return next((n for n in range(start, min(start + 8, len(text))) if text[n].isalnum()), start)

    def _cells(
        self, line: PrintedLine, rectangles: list[list[float]], start: int, end: int, hyphen: str
    ) -> tuple[PrintedLine, ...]:
        """Cut a line at its wide blanks; nothing where the order of its characters is not that of their places."""
        widest = max(line.size, 6.0)
        edges, right = [], rectangles[0][2]
        for rectangle in rectangles[1:]:
            if rectangle[0] - right > widest:
                edges.append(rectangle[0])
            elif rectangle[2] < rectangles[0][0]:
                return ()
            right = max(right, rectangle[2])
        if not edges:
            return ()
        cells, begin = [], start
        for edge in [*edges, None]:
            stop = end if edge is None else self._first_right_of(edge, begin, end)
            box = self.box(begin, stop) if stop > begin else None
            text = cleaned(self._text[begin:stop]).strip()
            if box is None or not text:
                return ()
            cells.append(replace(line, text=text, left=box[0], top=box[1], right=box[2], bottom=box[3], cells=()))
            begin = stop
        cells[-1].text += hyphen
        return tuple(cells)

    def _first_right_of(self, edge: float, low: int, high: int) -> int:
        left, right, bottom, top = c_double(), c_double(), c_double(), c_double()
        while low < high:
            middle = (low + high) // 2
            known = self._raw.FPDFText_GetCharBox(self._page, self.index(middle), left, right, bottom, top)
            if known and (left.value + right.value) / 2 >= edge:
                high = middle
            else:
                low = middle + 1
        return low

    def _ends_line(self, position: int) -> bool:
        """PDFium gives no line break after a hyphen at a line's end, so the place of the next character tells."""
        if position + 1 >= len(self._text) or self._text[position + 1] in "\r\n":
            return True
        here = self._textpage.get_charbox(self.index(position))
        following = self._textpage.get_charbox(self.index(position + 1))
        return not (following[1] < here[3] and here[1] < following[3] and following[0] >= here[0])


def to_top_left(page: "PdfPage") -> tuple[Convert, bool]:
    """From PDF coordinates (bottom left, before rotation) to points from the top left of the page as shown.

    Returns:
        The conversion, and whether it leaves left and right as they are.
    """
    x0, y0, x1, y1 = page.get_bbox()
    rotation = page.get_rotation()
    if rotation == 0:

        def moved(box: Sequence[float]) -> Box:
            left, bottom, right, top = box  # `round` to one digit takes four times as long as to none
            return (
                round((left - x0) * 10) / 10,
                round((y1 - top) * 10) / 10,
                round((right - x0) * 10) / 10,
                round((y1 - bottom) * 10) / 10,
            )

        return moved, True

    def convert(box: Sequence[float]) -> Box:
        left, bottom, right, top = box
        turned = {
            90: (bottom - y0, left - x0, top - y0, right - x0),
            180: (x1 - right, bottom - y0, x1 - left, top - y0),
            270: (y1 - top, x1 - right, y1 - bottom, x1 - left),
        }[rotation]
        first, second, third, fourth = (round(value, 1) for value in turned)
        return first, second, third, fourth

    return convert, False


def _around(boxes: list[list[float]]) -> Sequence[float]:
    if len(boxes) == 1:
        return boxes[0]
    return (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )
