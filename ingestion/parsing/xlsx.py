"""Workbooks: a sheet is a heading and a page; its tables are Markdown, with stored values instead of formulas.

Hidden sheets, rows and columns are left out and reported. Comments are left out.
"""

import io
import warnings
import zipfile
from datetime import date, time, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ingestion.errors import ParseError
from ingestion.parsing.archive import check_archive
from ingestion.parsing.builder import DocumentBuilder
from ingestion.parsing.detect import MediaType
from ingestion.parsing.office import STRICT, OfficePackage
from ingestion.parsing.request import ParseRequest
from ingestion.parsing.tables import cell_text
from ingestion.parsing.xlsx_layout import SheetLayout, read_layout
from ingestion.parsing.xlsx_regions import Cell, sheet_blocks
from ingestion.parsing.xlsx_values import value_text
from storage.records.failure_type import FailureType
from storage.records.parsed_document import BlockKind, FindingKind, ParsedDocument

if TYPE_CHECKING:
    from openpyxl.workbook.workbook import Workbook

_MOST_ROWS = 100_000
_MOST_CELLS = 500_000  # of the workbook; more takes longer than a document may
_MOST_COLUMNS = 500
_NUMBERS = (int, float, date, time, timedelta)
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"


def parse_xlsx(request: ParseRequest) -> ParsedDocument:
    """Read an XLSX, or its kin with macros or as a template.

    Raises:
        ParseError: Damaged, hostile, encrypted, empty or too long.
    """
    check_archive(request.path, request.limits, kind="XLSX")
    package = OfficePackage(request.path, kind="XLSX")
    try:
        # A stream, not the path: the library judges paths by their ending, and stored files have none.
        with _usual_form(request.path) if _is_strict(package) else request.path.open("rb") as source:
            workbook = _open(package, source)
            try:
                return _Reader(package, workbook, request.limits.max_text_characters).read()
            finally:
                workbook.close()
    finally:
        package.close()


class _Reader:
    def __init__(self, package: OfficePackage, workbook: "Workbook", limit: int) -> None:
        self._package = package
        self._workbook = workbook
        self._limit = limit
        self._builder = DocumentBuilder()
        self._cells = 0

    def read(self) -> ParsedDocument:
        builder, missing = self._builder, dict[str, str]()
        sheets = self._sheets()
        for number, (name, part, is_hidden) in enumerate(sheets, start=1):
            builder.start_page(number)
            builder.leave_headings()
            if is_hidden:
                builder.find(FindingKind.HIDDEN_TEXT, f"The sheet “{name}” is hidden and left out.")
            elif part and self._package.has(part):
                self._sheet(name, part)
            else:
                missing[str(number)] = "The sheet is missing from the file."
            builder.check_length(self._limit)
        builder.end_page()
        self._package.tell(builder)
        if not any(block.kind is not BlockKind.HEADING for block in builder.blocks):
            raise ParseError(
                FailureType.EMPTY, "The workbook has no cells with text that are seen. Check that it is the right file."
            )
        properties = self._package.properties()
        return ParsedDocument(
            text=builder.text,
            blocks=tuple(builder.blocks),
            pages=tuple(page for page in builder.pages if str(page.number) not in missing),
            page_count=len(sheets),
            missing_pages=missing,
            findings=tuple(builder.findings),
            title=properties.title,
            author=properties.author,
            created_at=properties.created_at,
            modified_at=properties.modified_at,
            media_type=MediaType.XLSX,
            metadata=properties.metadata,
        )

    def _sheets(self) -> list[tuple[str, str | None, bool]]:
        """Name, part and whether it is hidden, of each sheet in order."""
        main = self._package.main_part("xl/workbook.xml")
        root, relations = self._package.xml(main), self._package.relations(main)
        found: list[tuple[str, str | None, bool]] = []
        for sheet in root.iter(f"{_MAIN}sheet") if root is not None else ():
            relation = relations.get(sheet.get(f"{_R}id", ""))
            is_hidden = sheet.get("state", "visible") != "visible"
            found.append((sheet.get("name", ""), relation.target if relation else None, is_hidden))
        return found

    def _sheet(self, name: str, part: str) -> None:
        builder = self._builder
        start = len(builder.blocks)
        builder.add_clean(BlockKind.HEADING, name, level=1)
        if name in self._workbook.sheetnames and hasattr(self._workbook[name], "iter_rows"):
            with self._package.open(part) as stream:
                layout = read_layout(stream, most_rows=2 * _MOST_ROWS)
            for kind, text in sheet_blocks(self._rows(name, layout)):
                builder.add_clean(kind, text)
            if layout.formulas_without_value:
                builder.find(
                    FindingKind.TRUNCATED,
                    f"{layout.formulas_without_value:,} formulas of the sheet “{name}” have no stored result. Open the "
                    "workbook in a spreadsheet program and save it, then give it again.",
                )
        for text in self._drawn_texts(part):
            builder.add_clean(BlockKind.PARAGRAPH, text)
        if len(builder.blocks) == start + 1:
            builder.take_back()  # an empty sheet has no heading, either

    def _rows(self, name: str, layout: SheetLayout) -> list[list[Cell]]:
        sheet = self._workbook[name]
        sheet.reset_dimensions()  # a sheet may claim a million rows and have ten
        vertical = _vertical_merges(layout)
        repeated: dict[int, Cell] = {}
        rows: list[list[Cell]] = []
        unseen: set[str] = set()
        for number, row in enumerate(sheet.iter_rows(), start=1):
            if not any(cell.value is not None for cell in row):
                if rows and rows[-1]:
                    rows.append([])  # one empty row ends a table; a million of them say no more
                continue
            if len(rows) > _MOST_ROWS or self._cells > _MOST_CELLS:
                self._builder.find(
                    FindingKind.TRUNCATED,
                    f"The sheet “{name}” is read up to row {number - 1:,}. Split it to have the rest.",
                )
                break
            line: list[Cell] = []
            for column, cell in enumerate(row[:_MOST_COLUMNS], start=1):
                text = (
                    value_text(cell.value, getattr(cell, "number_format", None) or "General")
                    if cell.value is not None
                    else ""
                )
                if layout.hidden_columns and layout.is_hidden_column(column):
                    unseen |= {"columns"} if text else set()
                    continue
                found = Cell(cell_text(text), isinstance(cell.value, _NUMBERS) and not isinstance(cell.value, bool))
                if (number, column) in vertical:
                    first = vertical[(number, column)]
                    found = repeated.get(column, found) if first != number else repeated.setdefault(column, found)
                    if first == number:
                        repeated[column] = found
                line.append(found)
            self._cells += sum(1 for cell in line if cell.text)
            if number in layout.hidden_rows:
                unseen |= {"rows"} if any(cell.text for cell in line) else set()
                continue
            rows.append(line)
        if unseen:
            what = " and ".join(sorted(unseen, reverse=True))
            self._builder.find(FindingKind.HIDDEN_TEXT, f"Hidden {what} of the sheet “{name}” are left out.")
        return rows

    def _drawn_texts(self, part: str) -> list[str]:
        """Texts of boxes that lie on a sheet."""
        texts: list[str] = []
        for relation in self._package.relations(part).values():
            if relation.kind == "drawing" and not relation.is_external:
                root = self._package.optional_xml(relation.target)
                for body in root.iter("{*}txBody") if root is not None else ():
                    lines = ("".join(t.text or "" for t in p.iter(f"{_A}t")).strip() for p in body.iter(f"{_A}p"))
                    texts.append("\n".join(filter(None, lines)))
        return [text for text in texts if text]


def _vertical_merges(layout: SheetLayout) -> dict[tuple[int, int], int]:
    """Cells of ranges that are merged downwards, with the first row of their range: its value holds for each row."""
    cells: dict[tuple[int, int], int] = {}
    for first, column, last, _ in layout.merges:
        if last > first and len(cells) < _MOST_CELLS:
            cells |= {(row, column): first for row in range(first, min(last, first + 1_000) + 1)}
    return cells


def _open(package: OfficePackage, source: IO[bytes]) -> "Workbook":
    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about parts of the file that are not needed here
            return openpyxl.load_workbook(source, read_only=True, data_only=True, keep_links=False)
    except MemoryError:
        raise
    except Exception as error:  # the library raises many types
        raise package.damaged() from error


def _is_strict(package: OfficePackage) -> bool:
    main = package.main_part("xl/workbook.xml")
    return package.has(main) and b"purl.oclc.org/ooxml" in package.read(main)[:20_000]


def _usual_form(path: Path) -> io.BytesIO:
    """A workbook in the “Strict Open XML” form, in the namespaces that the library knows."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as sink:
        for name in source.namelist():
            content = source.read(name)
            for strict, usual in STRICT if name.endswith((".xml", ".rels")) else ():
                content = content.replace(strict, usual)
            sink.writestr(name, content)
    buffer.seek(0)
    return buffer
