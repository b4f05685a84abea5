"""The few functions of PDFium that are called for each line or object of a page, with plain numbers for pointers.

`pypdfium2.raw` makes an object for each pointer that goes in or out, and lets go of the interpreter's lock around each
call: for calls as short as these, that is most of the time. Everything else is called through pypdfium2.
"""

import ctypes
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_POINTER, _INT = ctypes.c_void_p, ctypes.c_int


@dataclass(frozen=True, slots=True)
class PdfiumCalls:
    """Functions by the names that PDFium gives them, without the prefix. Handles are what `address_of` gives."""

    count_rects: Callable[[int, int, int], int]
    get_rect: Callable[[int, int, int, int, int, int], int]
    get_font_size: Callable[[int, int], float]
    get_text_object: Callable[[int, int], int | None]
    count_page_objects: Callable[[int], int]
    get_page_object: Callable[[int, int], int | None]
    count_form_objects: Callable[[int], int]
    get_form_object: Callable[[int, int], int | None]
    get_type: Callable[[int], int]
    get_render_mode: Callable[[int], int]
    get_fill_color: Callable[[int, int, int, int, int], int]


@functools.cache
def pdfium_calls() -> PdfiumCalls:
    """The functions, looked up once."""
    from pypdfium2_raw import bindings  # type: ignore[import-untyped]

    # Loading the library again gives the one that is loaded, with its state.
    library = ctypes.PyDLL(bindings._libs["pdfium"]._name)

    def function(name: str, result: Any, *arguments: Any) -> Any:
        found = library[name]
        found.restype, found.argtypes = result, arguments
        return found

    return PdfiumCalls(
        count_rects=function("FPDFText_CountRects", _INT, _POINTER, _INT, _INT),
        get_rect=function("FPDFText_GetRect", _INT, _POINTER, _INT, *[_POINTER] * 4),
        get_font_size=function("FPDFText_GetFontSize", ctypes.c_double, _POINTER, _INT),
        get_text_object=function("FPDFText_GetTextObject", _POINTER, _POINTER, _INT),
        count_page_objects=function("FPDFPage_CountObjects", _INT, _POINTER),
        get_page_object=function("FPDFPage_GetObject", _POINTER, _POINTER, _INT),
        count_form_objects=function("FPDFFormObj_CountObjects", _INT, _POINTER),
        get_form_object=function("FPDFFormObj_GetObject", _POINTER, _POINTER, ctypes.c_ulong),
        get_type=function("FPDFPageObj_GetType", _INT, _POINTER),
        get_render_mode=function("FPDFTextObj_GetTextRenderMode", _INT, _POINTER),
        get_fill_color=function("FPDFPageObj_GetFillColor", _INT, *[_POINTER] * 5),
    )


def address_of(handle: Any) -> int:
    """A handle of pypdfium2 (`page.raw`, `textpage.raw`) as a number; valid as long as the handle is."""
    return int(ctypes.cast(handle, _POINTER).value or 0)


class Numbers:
    """Room for four numbers that a function of PDFium writes, and the addresses to give it."""

    def __init__(self, kind: Any) -> None:
        self._room = (kind * 4)()
        first, size = ctypes.addressof(self._room), ctypes.sizeof(kind)
        self.addresses = (first, first + size, first + 2 * size, first + 3 * size)
        self.values: Callable[[], list[Any]] = functools.partial(self._room.__getitem__, slice(None))
