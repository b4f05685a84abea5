"""Goes through the pages of a PDF and decides for each how its text is read."""

from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingestion.errors import ParseError
from ingestion.language.identification import identify_prose
from ingestion.parsing import progress
from ingestion.parsing.ocr import Recognized
from ingestion.parsing.ocr_pages import OcrPages, ocr_pages
from ingestion.parsing.pdf_hidden import HiddenText, suspects, without_hidden, without_unseen_lines
from ingestion.parsing.pdf_lines import LineReader, PrintedLine, page_text
from ingestion.parsing.pdf_order import in_reading_order
from ingestion.parsing.pdf_quality import LITTLE_TEXT, is_garbage
from ingestion.parsing.pdf_reader import SecondReader
from ingestion.parsing.request import ParseLimits
from storage.records.failure_type import FailureType

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

_OCR_DPI = 300
_MOST_OCR_PIXELS = 25_000_000
_POINTS_PER_INCH = 72
_LARGE_IMAGE = 0.4
_MUCH_MORE = 2
_SURE = 60.0
_MOST_RETRIED = 100
_LANGUAGE_SAMPLE = 20_000
_DAMAGED_PAGE = "The page is damaged: neither of two readers could open it."
_NOTHING_SEEN = "No text was found in the picture on this page."
_PICTURE = "The page is a picture of text. {reason}"


@dataclass(slots=True)
class Reading:
    """What was found on each page: printed lines, or text from a picture or the second reader, or why there is none.

    Dictionaries are by page number, lists by position.
    """

    lines: list[list[PrintedLine]] = field(default_factory=list)
    heights: list[float] = field(default_factory=list)
    scanned: dict[int, Recognized] = field(default_factory=dict)
    second: dict[int, str] = field(default_factory=dict)
    hidden: dict[int, list[HiddenText]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    failure: FailureType = FailureType.EMPTY
    pdfium_failed: bool = False
    characters: int = 0


class PdfPages:
    """Reads all pages of one PDF; without a document, by the second reader alone."""

    def __init__(self, document: "PdfDocument | None", second: SecondReader, limits: ParseLimits) -> None:
        self._document = document
        self._second = second
        self._limits = limits
        self._reading = Reading(pdfium_failed=document is None)
        self._stack = ExitStack()
        self._ocr: OcrPages | None = None
        self._pictures: dict[int, Future[Recognized]] = {}
        self._in_work: list[Future[Recognized]] = []  # few: giving more waits until there is room

    def read(self) -> Reading:
        """Go through the pages.

        Raises:
            ParseError: A password is needed, both readers fail on the whole file, or the text is too long.
        """
        total = self._second.page_count() if self._document is None else len(self._document)
        if total == 0:
            raise ParseError(FailureType.DAMAGED, "The PDF has no pages. Open the original and save it again.")
        with self._stack:
            for number in range(1, total + 1):
                self._reading.lines.append([])
                self._reading.heights.append(0.0)
                self._read_page(number)
                self._check_length()
                self._in_work = [future for future in self._in_work if not future.done()]
                progress.pages_done(number - len(self._in_work), total)
            for number, future in self._pictures.items():
                self._take(number, future)
                self._in_work = [future for future in self._in_work if not future.done()]
                progress.pages_done(total - len(self._in_work), total)
            self._try_second_reader(total)
        return self._reading

    def _try_second_reader(self, total: int) -> None:
        """PDFium opens some damaged files and sees nothing; hidden text must not come back this way."""
        reading = self._reading
        if self._document is None or any(reading.lines) or reading.scanned or reading.second or reading.hidden:
            return
        try:
            for number in range(1, min(total, self._second.page_count(), _MOST_RETRIED) + 1):
                if str(number) not in reading.missing and (text := self._second.page_text(number)):
                    reading.second[number] = text
        except ParseError:  # both see nothing
            return

    def _read_page(self, number: int) -> None:
        from pypdfium2 import PdfiumError

        if self._document is None:
            self._by_second_reader(number)
            return
        try:
            page = self._document[number - 1]
        except PdfiumError:  # other pages may be fine
            self._by_second_reader(number)
            return
        try:
            self._read_lines(page, number)
            if self._needs_picture(page, number):
                self._draw(page, number)
        except PdfiumError:
            self._by_second_reader(number)
        finally:
            page.close()

    def _read_lines(self, page: "PdfPage", number: int) -> None:
        textpage = page.get_textpage()
        try:
            text = page_text(textpage)
            hidden: list[HiddenText] = []
            if text and suspects(page):
                text, hidden = without_hidden(page, textpage, text, number)
            lines = LineReader(page, textpage, text).lines()
        finally:
            textpage.close()
        size = page.get_size()
        lines, unseen = without_unseen_lines(lines, size, number)
        if hidden or unseen:
            self._reading.hidden[number] = hidden + unseen
        self._reading.lines[-1] = in_reading_order(lines)
        self._reading.heights[-1] = size[1]
        self._reading.characters += len(text)

    def _needs_picture(self, page: "PdfPage", number: int) -> bool:
        text = "\n".join(line.text for line in self._reading.lines[number - 1])
        if not text:
            return _has_content(page)
        return is_garbage(text) or (len(text) < LITTLE_TEXT and _image_share(page) > _LARGE_IMAGE)

    def _draw(self, page: "PdfPage", number: int) -> None:
        width, height = page.get_size()
        scale = min(_OCR_DPI / _POINTS_PER_INCH, (_MOST_OCR_PIXELS / max(1.0, width * height)) ** 0.5)
        try:
            if self._ocr is None:
                self._ocr = self._stack.enter_context(
                    ocr_pages(self._limits.ocr_languages, known_language=self._language())
                )
            self._ocr.check()  # before the page is drawn, which takes longer than reading most
            image = page.render(scale=scale, grayscale=True).to_pil()
            future = self._ocr.submit(image, page=number, dpi=_POINTS_PER_INCH * scale)
            self._pictures[number] = future
            self._in_work.append(future)
        except ParseError as error:
            self._note(number, error)

    def _language(self) -> str | None:
        """The language of the text read so far."""
        sample, length = [], 0
        for line in (line for page in self._reading.lines for line in page):
            sample.append(line.text)
            length += len(line.text)
            if length > _LANGUAGE_SAMPLE:
                break
        return identify_prose(" ".join(sample))

    def _take(self, number: int, future: "Future[Recognized]") -> None:
        """Use what was read from a page's picture, unless its text layer is better."""
        layer = " ".join(line.text for line in self._reading.lines[number - 1])
        try:
            result = future.result()
        except ParseError as error:
            self._note(number, error)
            return
        if not result.paragraphs:
            if not layer:
                self._reading.missing[str(number)] = result.note or _NOTHING_SEEN
            return
        is_better = len(result.text) > _MUCH_MORE * len(layer) or (is_garbage(layer) and result.rank >= _SURE)
        if not layer or is_better:
            self._reading.scanned[number] = result
            self._reading.lines[number - 1] = []
            self._reading.characters += len(result.text)
            self._check_length()

    def _note(self, number: int, error: ParseError) -> None:
        if self._reading.lines[number - 1]:
            return  # poor text is still text
        is_off = error.failure_type is FailureType.OCR_UNAVAILABLE
        self._reading.missing[str(number)] = _PICTURE.format(reason=error.reason) if is_off else error.reason
        self._reading.failure = error.failure_type

    def _by_second_reader(self, number: int) -> None:
        text = None
        try:
            counts_alike = self._document is None or self._second.page_count() == len(self._document)
            text = self._second.page_text(number) if counts_alike else None  # else its numbers are of other pages
        except ParseError as error:
            if self._document is None:
                raise
            self._reading.failure = error.failure_type
        if text:
            self._reading.second[number] = text
            self._reading.characters += len(text)
        elif text is None:
            self._reading.missing[str(number)] = _DAMAGED_PAGE
            self._reading.failure = FailureType.DAMAGED
        else:
            self._reading.missing[str(number)] = "The page has no text that could be read."

    def _check_length(self) -> None:
        if self._reading.characters > self._limits.max_text_characters:
            raise ParseError(
                FailureType.TOO_LARGE,
                f"The PDF has more than {self._limits.max_text_characters:,} characters. Split it into parts.",
            )


def _has_content(page: "PdfPage") -> bool:
    import pypdfium2.raw as raw

    return bool(raw.FPDFPage_CountObjects(page.raw))


def _image_share(page: "PdfPage") -> float:
    """How much of a page its largest picture covers, 0 to 1."""
    import pypdfium2.raw as raw

    width, height = page.get_size()
    largest = 0.0
    for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        left, bottom, right, top = item.get_bounds()
        largest = max(largest, (right - left) * (top - bottom))
    return float(largest / max(1.0, width * height))
