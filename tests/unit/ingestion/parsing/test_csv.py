"""Tests of delimited tables."""

from pathlib import Path

import pytest

from ingestion.errors import ParseError
from ingestion.parsing.csv import parse_csv
from storage.records.failure_type import FailureType
from storage.records.parsed_document import BlockKind, ParsedDocument
from tests.factories.documents import request_for


def read(tmp_path: Path, data: bytes) -> ParsedDocument:
    return parse_csv(request_for(tmp_path / "a.csv", data))


class TestParseCsv:
    @pytest.mark.parametrize(("delimiter", "name"), [(",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "pipe")])
    def test_dialects(self, tmp_path: Path, delimiter: str, name: str) -> None:
        lines = [["City", "Limit"], ["Bonn", "120"], ["Köln", "130"]]

        document = read(tmp_path, "\r\n".join(delimiter.join(line) for line in lines).encode())

        assert document.text == "| City | Limit |\n| --- | --- |\n| Bonn | 120 |\n| Köln | 130 |"
        assert document.metadata == {"encoding": "utf-8", "delimiter": name, "rows": 3}

    def test_decimal_commas_do_not_make_columns(self, tmp_path: Path) -> None:
        document = read(tmp_path, b"Year;Costs\n2023;1,5\n2024;2,5\n")

        assert "| 2023 | 1,5 |" in document.text

    def test_pipes_breaks_and_quotes_in_cells(self, tmp_path: Path) -> None:
        document = read(tmp_path, b'name,note\nA,"one\ntwo | three, ""four"""\n')

        assert document.text.endswith('| A | one two \\| three, "four" |')

    def test_ragged_rows_are_kept(self, tmp_path: Path) -> None:
        document = read(tmp_path, b"a,b,c\n1,2\n1,2,3,4\n1,2,3\n")

        assert document.text.split("\n") == [
            "| a | b | c |  |",
            "| --- | --- | --- | --- |",
            "| 1 | 2 |  |  |",
            "| 1 | 2 | 3 | 4 |",
            "| 1 | 2 | 3 |  |",
        ]

    def test_the_header_is_found_below_a_title(self, tmp_path: Path) -> None:
        document = read(tmp_path, b"Report 2024,,\n,,\nTeam,City,Cups\nBlues,STL,1\nFlyers,PHI,2\n")

        assert [block.kind for block in document.blocks] == [BlockKind.PARAGRAPH, BlockKind.TABLE]
        assert document.text.startswith("Report 2024\n\n| Team | City | Cups |")

    def test_an_inch_mark_does_not_swallow_the_rest(self, tmp_path: Path) -> None:
        rows = b"".join(b"Item %d,%d\n" % (n, n) for n in range(200))

        document = read(tmp_path, b'name,size\n"19 rack,1\n' + rows)

        assert "| Item 199 | 199 |" in document.text

    def test_a_declared_separator(self, tmp_path: Path) -> None:
        assert read(tmp_path, b"sep=;\na;b\n1;2\n").text == "| a | b |\n| --- | --- |\n| 1 | 2 |"

    def test_one_column(self, tmp_path: Path) -> None:
        assert read(tmp_path, b"name\nAnna\nBen\n").text == "| name |\n| --- |\n| Anna |\n| Ben |"

    def test_without_cells_is_empty(self, tmp_path: Path) -> None:
        with pytest.raises(ParseError) as caught:
            read(tmp_path, b",,\n,,\n")

        assert caught.value.failure_type is FailureType.EMPTY
