"""Tests of Markdown tables."""

import pytest

from ingestion.parsing.tables import cell_text, markdown_table


class TestMarkdownTable:
    def test_rows_are_filled_and_empty_ones_left_out(self) -> None:
        assert markdown_table([["a", "b"], [], ["", ""], ["c"]]) == "| a | b |\n| --- | --- |\n| c |  |"

    def test_columns_that_are_empty_at_the_end_are_left_out(self) -> None:
        assert markdown_table([["a", "", ""], ["b", "c", ""]]) == "| a |  |\n| --- | --- |\n| b | c |"

    @pytest.mark.parametrize("rows", [[], [[]], [["", ""]]])
    def test_nothing(self, rows: list[list[str]]) -> None:
        assert markdown_table(rows) == ""


class TestCellText:
    @pytest.mark.parametrize(("text", "cell"), [("a\n b", "a b"), ("a|b", "a\\|b"), ("a\\|b", "a\\|b"), (" ", "")])
    def test_stays_on_one_line(self, text: str, cell: str) -> None:
        assert cell_text(text) == cell
