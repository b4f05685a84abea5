"""Tests of workbooks."""

import io
import zipfile
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from ingestion.errors import ParseError
from ingestion.parsing import xlsx
from ingestion.parsing.xlsx import parse_xlsx
from ingestion.parsing.xlsx_values import value_text
from storage.records.failure_type import FailureType
from storage.records.parsed_document import BlockKind, FindingKind, ParsedDocument
from tests.factories.documents import request_for, rezipped
from tests.factories.office import xlsx_bytes

PRICES: list[list[object]] = [
    ["Item", "Price", "From"],
    ["Grinder", 129.5, date(2024, 3, 1)],
    ["Kettle", 49, date(2024, 4, 1)],
]


def read(tmp_path: Path, data: bytes) -> ParsedDocument:
    return parse_xlsx(request_for(tmp_path / "a.xlsx", data))


def blocks(document: ParsedDocument) -> list[tuple[str, str]]:
    return [(block.kind.value, document.text[block.char_start : block.char_end]) for block in document.blocks]


class TestParseXlsx:
    def test_sheets_are_headings_and_pages(self, tmp_path: Path) -> None:
        document = read(tmp_path, xlsx_bytes({"Prices": PRICES, "Empty": [], "Notes": [["Ask sales."]]}))

        assert blocks(document) == [
            ("heading", "Prices"),
            (
                "table",
                "| Item | Price | From |\n| --- | --- | --- |\n| Grinder | 129.5 | 2024-03-01 |\n| Kettle | 49 | 2024-04-01 |",
            ),
            ("heading", "Notes"),
            ("paragraph", "Ask sales."),
        ]
        pages = [document.text[page.char_start : page.char_end].split("\n")[0] for page in document.pages]
        assert pages == ["Prices", "", "Notes"]
        assert (document.page_count, document.title, document.author) == (3, "Prices", "Sales")
        assert document.created_at == datetime(2024, 3, 1, 9, 30, tzinfo=UTC)

    def test_a_merged_title_stands_above_the_table(self, tmp_path: Path) -> None:
        def merge(workbook: openpyxl.Workbook) -> None:
            workbook["S"].merge_cells("A1:C1")
            workbook["S"].merge_cells("A4:A5")

        rows: list[list[object]] = [
            ["Prices of 2024", None, None],
            *PRICES[:2],
            ["Kettle", 49, "May"],
            [None, 51, "June"],
        ]
        document = read(tmp_path, xlsx_bytes({"S": rows}, change=merge))

        assert blocks(document)[1] == ("paragraph", "Prices of 2024")
        assert document.text.endswith("| Kettle | 49 | May |\n| Kettle | 51 | June |")

    def test_tables_between_empty_rows(self, tmp_path: Path) -> None:
        rows: list[list[object]] = [["a", "b"], ["x", 1], [], ["c", "d"], ["y", "z"], [], ["w", "v"]]

        tables = [text for kind, text in blocks(read(tmp_path, xlsx_bytes({"S": rows}))) if kind == "table"]

        assert tables == [
            "| a | b |\n| --- | --- |\n| x | 1 |",
            "| c | d |\n| --- | --- |\n| y | z |",
            "| w | v |\n| --- | --- |",
        ]

    def test_an_empty_row_inside_a_table_does_not_make_a_header(self, tmp_path: Path) -> None:
        rows: list[list[object]] = [["name", "count"], ["x", 1], [], ["y", 2]]

        assert "| x | 1 |\n| y | 2 |" in read(tmp_path, xlsx_bytes({"S": rows})).text

    def test_tables_side_by_side(self, tmp_path: Path) -> None:
        rows: list[list[object]] = [["a", "b", None, None, None, "c", "d"], ["1", "2", None, None, None, "3", "4"]]

        assert "| 1 | 2 |\n\n| c | d |" in read(tmp_path, xlsx_bytes({"S": rows})).text

    def test_pipes_and_breaks_in_cells(self, tmp_path: Path) -> None:
        assert (
            "| one two \\| three |" in read(tmp_path, xlsx_bytes({"S": [["a", "b"], ["x", "one\ntwo | three"]]})).text
        )

    def test_hidden_things_are_left_out_and_told(self, tmp_path: Path) -> None:
        def hide(workbook: openpyxl.Workbook) -> None:
            workbook["Secret"].sheet_state = "veryHidden"
            workbook["Prices"].row_dimensions[3].hidden = True
            workbook["Prices"].column_dimensions["B"].hidden = True

        document = read(tmp_path, xlsx_bytes({"Prices": PRICES, "Secret": [["margin", "80"]]}, change=hide))

        assert "| Item | From |\n| --- | --- |\n| Grinder | 2024-03-01 |" in document.text
        assert not any(word in document.text for word in ("margin", "Kettle", "129.5"))
        assert [finding.kind for finding in document.findings] == [FindingKind.HIDDEN_TEXT] * 2
        assert {finding.page for finding in document.findings} == {1, 2}
        assert len(document.pages) == 2

    def test_formulas_without_a_stored_result_are_told(self, tmp_path: Path) -> None:
        document = read(tmp_path, xlsx_bytes({"S": [["a", "b"], ["x", "=1+1"]]}))

        assert "=1+1" not in document.text
        assert [finding.kind for finding in document.findings] == [FindingKind.TRUNCATED]

    def test_a_sheet_of_nothing_but_such_formulas(self, tmp_path: Path) -> None:
        document = read(tmp_path, xlsx_bytes({"S": [["a", "b"]], "Sums": [["=1+1"]], "T": [["c", "d"]]}))

        assert document.text == "S\n\n| a | b |\n| --- | --- |\n\nT\n\n| c | d |\n| --- | --- |"
        assert [(page.number, document.text[page.char_start : page.char_end][:1]) for page in document.pages] == [
            (1, "S"),
            (2, ""),
            (3, "T"),
        ]
        (finding,) = document.findings
        assert finding.page == 2
        assert finding.char_start is not None
        assert finding.char_start <= len(document.text)

    def test_very_large_sheets_are_read_in_part(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(xlsx, "_MOST_ROWS", 50)

        document = read(tmp_path, xlsx_bytes({"S": [["a", "b"], *(["x", n] for n in range(200))]}))

        assert "| x | 40 |" in document.text
        assert "| x | 100 |" not in document.text
        assert [finding.kind for finding in document.findings] == [FindingKind.TRUNCATED]

    def test_a_sheet_that_claims_a_million_rows(self, tmp_path: Path) -> None:
        data = xlsx_bytes({"S": PRICES})
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            sheet = archive.read("xl/worksheets/sheet1.xml").replace(b'ref="A1:C3"', b'ref="A1:XFD1048576"')

        document = read(tmp_path, rezipped(data, replace={"xl/worksheets/sheet1.xml": sheet}))

        assert document.text.endswith("| Kettle | 49 | 2024-04-01 |")

    def test_the_strict_form(self, tmp_path: Path) -> None:
        data = xlsx_bytes({"Prices": PRICES})
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = {name: archive.read(name) for name in archive.namelist() if name.startswith("xl/")}
        usual, strict = b"http://schemas.openxmlformats.org/", b"http://purl.oclc.org/ooxml/"
        changed = {
            name: content.replace(usual + b"spreadsheetml/2006/main", strict + b"spreadsheetml/main").replace(
                usual + b"officeDocument/2006/relationships", strict + b"officeDocument/relationships"
            )
            for name, content in parts.items()
        }

        assert "| Grinder | 129.5 | 2024-03-01 |" in read(tmp_path, rezipped(data, replace=changed)).text

    def with_shared_strings(self, strings: str | None) -> bytes:
        data = xlsx_bytes({"S": [["a", "b"]]})
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            relations = archive.read("xl/_rels/workbook.xml.rels").decode()
        kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
        relation = f'<Relationship Type="{kind}" Target="sharedStrings.xml" Id="rId9"/></Relationships>'
        main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        cells = "".join(f'<c t="s"><v>{n}</v></c>' for n in (1, 0, 7))
        replaced = {
            "xl/_rels/workbook.xml.rels": relations.replace("</Relationships>", relation).encode(),
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData><row>{cells}</row></sheetData></worksheet>'.encode(),
        }
        table = None if strings is None else f'<sst xmlns="{main}">{strings}</sst>'.encode()
        return rezipped(data, replace=replaced, add={} if table is None else {"xl/sharedStrings.xml": table})

    def test_shared_strings(self, tmp_path: Path) -> None:
        strings = "<si><t>plain</t></si><si><r><t>two </t></r><r><t>runs</t></r><rPh><t>aid</t></rPh></si>"

        assert "| two runs | plain |" in read(tmp_path, self.with_shared_strings(strings)).text

    @pytest.mark.parametrize("strings", [None, "<si>", "&undefined;"])
    def test_broken_shared_strings_are_damage(self, tmp_path: Path, strings: str | None) -> None:
        with pytest.raises(ParseError, match="damaged"):
            read(tmp_path, self.with_shared_strings(strings))

    def test_macros_are_told(self, tmp_path: Path) -> None:
        document = read(tmp_path, rezipped(xlsx_bytes({"S": PRICES}), add={"xl/vbaProject.bin": b"macro"}))

        assert [finding.kind for finding in document.findings] == [FindingKind.ACTIVE_CONTENT]

    @pytest.mark.parametrize("sheets", [{"S": []}, {"S": [[None, " "]]}])
    def test_without_text_is_empty(self, tmp_path: Path, sheets: dict[str, list[list[Any]]]) -> None:
        with pytest.raises(ParseError) as caught:
            read(tmp_path, xlsx_bytes(sheets))

        assert caught.value.failure_type is FailureType.EMPTY

    @pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml"])
    @pytest.mark.parametrize("content", [b"", b"no xml"])
    def test_broken_parts_are_damaged(self, tmp_path: Path, part: str, content: bytes) -> None:
        data = rezipped(xlsx_bytes({"S": PRICES}), replace={part: content})

        with pytest.raises(ParseError, match="The XLSX is damaged") as caught:
            read(tmp_path, data)

        assert caught.value.failure_type is FailureType.DAMAGED

    def test_the_kinds_of_blocks(self, tmp_path: Path) -> None:
        document = read(tmp_path, xlsx_bytes({"S": PRICES}))

        assert [block.kind for block in document.blocks] == [BlockKind.HEADING, BlockKind.TABLE]
        assert document.blocks[1].heading_path == ("S",)


class TestValueText:
    @pytest.mark.parametrize(
        ("value", "number_format", "text"),
        [
            (None, "General", ""),
            (True, "General", "TRUE"),
            (3.0, "General", "3"),
            (0.1 + 0.2, "General", "0.3"),
            (0.256, "0.0%", "25.6%"),
            (0.5, "0%", "50%"),
            (1234.5, "#,##0.00", "1234.50"),
            (1234.5, '"$"#,##0.00', "$1234.50"),
            (-5, "[$£-809]#,##0.00", "-£5.00"),
            (12, '#,##0.00 "€"', "12.00 €"),
            (12, "#,##0.00 [$€-407]", "12.00 €"),
            (1e20, "General", "1e+20"),
            (datetime(2024, 3, 1), "yyyy", "2024-03-01"),  # noqa: DTZ001 - spreadsheets know no zones
            (datetime(2024, 3, 1, 14, 30), "yyyy", "2024-03-01 14:30"),  # noqa: DTZ001
            (time(9, 5), "hh:mm", "09:05"),
            ("text", "@", "text"),
        ],
    )
    def test_reads_as_in_the_sheet(self, value: object, number_format: str, text: str) -> None:
        assert value_text(value, number_format) == text
