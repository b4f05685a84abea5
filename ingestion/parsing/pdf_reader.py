"""Reads the characters of a PDF with PDFium, and with pypdf where PDFium gives up."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ingestion.errors import ParseError
from ingestion.parsing.pdf_layout import SOFT_HYPHEN, PrintedLine
from storage.records.failure_type import FailureType

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage, PdfTextPage

_PASSWORD_ERROR = 4
_HYPHENS = {0x02: SOFT_HYPHEN, 0xFFFE: SOFT_HYPHEN}
_DAMAGED = (
    "The PDF is damaged or cut off: two different readers could not open it. Open the original, save or print it "
    "as PDF again, and upload the new copy."
)
_ENCRYPTED = "The PDF is protected by a password. Save a copy without the password and upload that."

Box = tuple[float, float, float, float]


@contextmanager
def open_pdf(path: Path) -> Iterator["PdfDocument | None"]:
    """Open a PDF with PDFium; None when it cannot read the file at all.

    Raises:
        ParseError: A password is needed.
    """
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == _PASSWORD_ERROR:
            raise ParseError(FailureType.ENCRYPTED, _ENCRYPTED) from error
        yield None
        return
    try:
        yield document
    finally:
        document.close()


def read_lines(page: "PdfPage") -> list[PrintedLine]:
    """The printed lines of a page, in the order of the file."""
    textpage = page.get_textpage()
    try:
        return list(_lines(textpage, _to_top_left(page)))
    finally:
        textpage.close()


def pypdf_pages(path: Path) -> list[str]:
    """The text of each page by the second reader.

    Raises:
        ParseError: It fails too, or a password is needed.
    """
    from pypdf import PdfReader
    from pypdf.errors import FileNotDecryptedError, PyPdfError, WrongPasswordError

    try:
        reader = PdfReader(path, strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise ParseError(FailureType.ENCRYPTED, _ENCRYPTED)
        pages = [page.extract_text() for page in reader.pages]
    except (FileNotDecryptedError, WrongPasswordError) as error:
        raise ParseError(FailureType.ENCRYPTED, _ENCRYPTED) from error
    except ParseError:
        raise
    except MemoryError:
        raise
    except (PyPdfError, Exception) as error:  # it meets damage with many built-in types
        raise ParseError(FailureType.DAMAGED, _DAMAGED) from error
    if not pages:
        raise ParseError(FailureType.DAMAGED, _DAMAGED)
    return pages


def _lines(textpage: "PdfTextPage", convert: Callable[[Box], Box]) -> Iterator[PrintedLine]:
    import pypdfium2.raw as raw

    start, characters = 0, []
    count = textpage.count_chars()
    for index in range(count + 1):
        code = raw.FPDFText_GetUnicode(textpage, index) if index < count else 0x0A
        if code not in (0x0A, 0x0D):
            characters.append(_character(code))
            if code not in _HYPHENS or index + 1 >= count:
                continue
            following = raw.FPDFText_GetUnicode(textpage, index + 1)
            if following in (0x0A, 0x0D) or _on_same_line(textpage, index):
                continue
        text = "".join(characters)
        if text.strip():
            box = _box(textpage, start, index - start + (code in _HYPHENS), convert)
            first = start + len(text) - len(text.lstrip())
            yield PrintedLine(text.strip(" \t"), float(raw.FPDFText_GetFontSize(textpage, first)), *box)
        start, characters = index + 1, []


def _character(code: int) -> str:
    if code in _HYPHENS:
        return SOFT_HYPHEN
    if code < 0x20 or 0xD800 <= code <= 0xDFFF or code > 0x10FFFF or code == 0xFFFF:
        return " "
    return chr(code)


def _on_same_line(textpage: "PdfTextPage", index: int) -> bool:
    """PDFium gives no line break after a hyphen at a line's end, so the place of the next character tells."""
    here, following = textpage.get_charbox(index), textpage.get_charbox(index + 1)
    return bool(following[1] < here[3] and here[1] < following[3] and following[0] >= here[0])


def _box(textpage: "PdfTextPage", start: int, count: int, convert: Callable[[Box], Box]) -> Box:
    rectangles = [textpage.get_rect(i) for i in range(textpage.count_rects(start, count))]
    if not rectangles:
        return 0.0, 0.0, 0.0, 0.0
    left, bottom = min(r[0] for r in rectangles), min(r[1] for r in rectangles)
    right, top = max(r[2] for r in rectangles), max(r[3] for r in rectangles)
    return convert((left, bottom, right, top))


def _to_top_left(page: "PdfPage") -> Callable[[Box], Box]:
    """From PDF coordinates (bottom left, before rotation) to points from the top left of the page as shown."""
    x0, y0, x1, y1 = page.get_bbox()
    rotation = page.get_rotation()

    def convert(box: Box) -> Box:
        left, bottom, right, top = box
        turned = {
            0: (left - x0, y1 - top, right - x0, y1 - bottom),
            90: (bottom - y0, left - x0, top - y0, right - x0),
            180: (x1 - right, bottom - y0, x1 - left, top - y0),
            270: (y1 - top, x1 - right, y1 - bottom, x1 - left),
        }[rotation]
        first, second, third, fourth = (round(value, 1) for value in turned)
        return first, second, third, fourth

    return convert
