"""Workbooks: a sheet is a heading and a page; its tables are Markdown, with stored values instead of formulas.

Hidden sheets, rows and columns are left out and reported. Comments are left out.
"""

import contextlib
from collections.abc import Iterator, Sequence
from typing import IO

from ingestion.errors import ParseError
from ingestion.parsing.archive import check_archive
from ingestion.parsing.builder import DocumentBuilder
from ingestion.parsing.detect import MediaType
from ingestion.parsing.office import OfficePackage
from ingestion.parsing.request import ParseRequest
from ingestion.parsing.xlsx_regions import sheet_blocks
from ingestion.parsing.xlsx_sheet import Sheet, read_sheet, shared_strings
from ingestion.parsing.xlsx_styles import cell_formats
from storage.records.failure_type import FailureType
from storage.records.parsed_document import BlockKind, FindingKind, ParsedDocument

_MOST_ROWS = 100_000
_MOST_CELLS = 500_000  # of the workbook; more takes longer than a document may
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
        return _Reader(package, request.limits.max_text_characters).read()
    finally:
        package.close()


class _Reader:
    def __init__(self, package: OfficePackage, limit: int) -> None:
        self._package = package
        self._limit = limit
        self._builder = DocumentBuilder()
        self._cells = 0
        self._main = package.main_part("xl/workbook.xml")
        root = package.xml(self._main)
        if root is None:
            raise package.damaged()
        self._root = root
        self._relations = package.relations(self._main)
        styles = self._related("styles")
        self._formats = cell_formats(package.optional_xml(styles) if styles else None, root)
        self._strings = self._shared_strings()

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

    def _related(self, kind: str) -> str | None:
        found = (
            relation for relation in self._relations.values() if relation.kind == kind and not relation.is_external
        )
        return next((relation.target for relation in found if self._package.has(relation.target)), None)

    def _shared_strings(self) -> Sequence[str]:
        part = self._related("sharedStrings")
        if part is None:
            if any(relation.kind == "sharedStrings" for relation in self._relations.values()):
                raise self._package.damaged()  # without them most cells would be empty
            return []
        with self._reading(part) as stream:
            return shared_strings(stream)

    @contextlib.contextmanager
    def _reading(self, part: str) -> Iterator[IO[bytes]]:
        """A part as a stream; what is no XML is told as damage."""
        from lxml import etree

        try:
            with self._package.open(part) as stream:
                yield stream
        except etree.XMLSyntaxError as error:
            raise self._package.damaged() from error

    def _sheets(self) -> list[tuple[str, str | None, bool]]:
        """Name, part and whether it is hidden, of each sheet in order."""
        found: list[tuple[str, str | None, bool]] = []
        for sheet in self._root.iter(f"{_MAIN}sheet"):
            relation = self._relations.get(sheet.get(f"{_R}id", ""))
            is_hidden = sheet.get("state", "visible") != "visible"
            found.append((sheet.get("name", ""), relation.target if relation else None, is_hidden))
        return found

    def _sheet(self, name: str, part: str) -> None:
        builder = self._builder
        start = len(builder.blocks)
        builder.add_clean(BlockKind.HEADING, name, level=1)
        most_cells = _MOST_CELLS - self._cells
        with self._reading(part) as stream:
            sheet = read_sheet(stream, self._strings, self._formats, most_rows=_MOST_ROWS, most_cells=most_cells)
        self._cells += sheet.cells
        for kind, text in sheet_blocks(sheet.in_order()):
            builder.add_clean(kind, text)
        self._tell(name, sheet)
        for text in self._drawn_texts(part):
            builder.add_clean(BlockKind.PARAGRAPH, text)
        if len(builder.blocks) == start + 1:
            builder.take_back()  # an empty sheet has no heading, either

    def _tell(self, name: str, sheet: Sheet) -> None:
        hidden = [what for what, is_so in (("rows", sheet.hides_rows), ("columns", sheet.hides_columns)) if is_so]
        if hidden:
            what = " and ".join(hidden)
            self._builder.find(FindingKind.HIDDEN_TEXT, f"Hidden {what} of the sheet “{name}” are left out.")
        if sheet.read_to is not None:
            self._builder.find(
                FindingKind.TRUNCATED,
                f"The sheet “{name}” is read up to row {sheet.read_to:,}. Split it to have the rest.",
            )
        if sheet.formulas_without_value:
            self._builder.find(
                FindingKind.TRUNCATED,
                f"{sheet.formulas_without_value:,} formulas of the sheet “{name}” have no stored result. Open the "
                "workbook in a spreadsheet program and save it, then give it again.",
            )

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
