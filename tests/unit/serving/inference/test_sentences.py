"""Tests of cutting passages into units that can be quoted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.inference.sentences import split_sentences, table_header

PRICES = """| Model | Price | Warranty |
|---|---|---|
| K2 | 249 EUR | 36 months |
| K5 | 399 EUR | 60 months |
"""


def texts(passage: str, header: str | None = None) -> list[str]:
    return [sentence.text for sentence in split_sentences(passage, header)]


class TestProse:
    @pytest.mark.parametrize(
        ("passage", "expected"),
        [
            (
                "Send it back within 45 days. Shipping is free for members!",
                ["Send it back within 45 days.", "Shipping is free for members!"],
            ),
            (
                "Ask Dr. Weber or Mrs. Lang about it. They know the rules.",
                ["Ask Dr. Weber or Mrs. Lang about it.", "They know the rules."],
            ),
            (
                "Use soft cloths, e.g. Microfibre ones are fine. Never use steel wool.",
                ["Use soft cloths, e.g. Microfibre ones are fine.", "Never use steel wool."],
            ),
            (
                "Rufen Sie z. B. Frau Meier an. Sie hilft Ihnen gern.",
                ["Rufen Sie z. B. Frau Meier an.", "Sie hilft Ihnen gern."],
            ),
            (
                "Die Frist endet am 3. März dieses Jahres. Danach gilt sie nicht.",
                ["Die Frist endet am 3. März dieses Jahres.", "Danach gilt sie nicht."],
            ),
            (
                "Pregunte a la Sra. Ruiz por el envío. ¿Quiere una factura nueva?",
                ["Pregunte a la Sra. Ruiz por el envío.", "¿Quiere una factura nueva?"],
            ),
            ("The price is 3.50 EUR per bag. It rose in 2024.", ["The price is 3.50 EUR per bag.", "It rose in 2024."]),
        ],
    )
    def test_cuts_where_a_reader_would(self, passage: str, expected: list[str]) -> None:
        assert texts(passage) == expected

    def test_a_sentence_over_two_lines_reads_as_one_and_is_quoted_as_it_stands(self) -> None:
        (only,) = split_sentences("You may send back\n  any machine within 45 days.")
        assert only.text == "You may send back any machine within 45 days."
        assert only.quote == "You may send back\n  any machine within 45 days."

    def test_chinese_and_japanese_are_cut_without_blanks(self) -> None:
        assert texts("保修期为三十六个月整。退货期限为四十五天。") == ["保修期为三十六个月整。", "退货期限为四十五天。"]

    def test_headings_and_fragments_are_left_out(self) -> None:
        assert texts("# All about our returns\n\nYes.\n\nReturns are always free.") == ["Returns are always free."]

    def test_marks_of_emphasis_are_not_read_aloud(self) -> None:
        (only,) = split_sentences("The **spare key** hangs `behind` the door.")
        assert only.text == "The spare key hangs behind the door."
        assert "**spare key**" in only.quote

    def test_positions_count_up(self) -> None:
        found = split_sentences("First comes this one. Then comes that one. The third ends it.")
        assert [sentence.position for sentence in found] == [0, 1, 2]


class TestLists:
    def test_each_item_is_a_unit_without_its_mark(self) -> None:
        passage = "What you need:\n- a clean soft cloth\n- two litres of water\n1. switch the machine off"
        assert texts(passage) == [
            "What you need:",
            "a clean soft cloth",
            "two litres of water",
            "switch the machine off",
        ]


class TestTables:
    def test_a_row_reads_with_its_header(self) -> None:
        assert texts(PRICES) == [
            "Model: K2; Price: 249 EUR; Warranty: 36 months",
            "Model: K5; Price: 399 EUR; Warranty: 60 months",
        ]

    def test_a_row_is_quoted_as_it_stands(self) -> None:
        assert split_sentences(PRICES)[1].quote == "| K5 | 399 EUR | 60 months |"

    def test_a_table_that_goes_on_takes_the_header_of_its_path(self) -> None:
        rows = "\n".join(PRICES.splitlines()[2:])
        assert texts(rows, "| Model | Price | Warranty |") == texts(PRICES)

    def test_no_row_is_taken_for_a_header(self) -> None:
        rows = "| K2 | 249 EUR | 36 months |\n| K5 | 399 EUR | 60 months |"
        assert texts(rows) == ["K2; 249 EUR; 36 months", "K5; 399 EUR; 60 months"]

    def test_a_header_ends_with_its_table(self) -> None:
        passage = f"{PRICES}\nPrices include the tax.\n| a b | c d | e f |"
        assert texts(passage)[-2:] == ["Prices include the tax.", "a b; c d; e f"]

    def test_a_cell_beyond_the_header_is_kept(self) -> None:
        assert texts("| Model |\n|---|\n| K2 | sold out |") == ["Model: K2; sold out"]

    def test_an_empty_cell_is_not_named(self) -> None:
        assert texts("| Model | Price | Note |\n|---|---|---|\n| K2 | 9 EUR | |") == ["Model: K2; Price: 9 EUR"]


class TestTableHeader:
    def test_only_a_table_row_at_the_end_of_a_path_is_one(self) -> None:
        assert table_header(("Prices", "| Model | Price |")) == "| Model | Price |"
        assert table_header(("Prices",)) is None
        assert table_header(()) is None


class TestEveryPassage:
    @given(st.text(max_size=300) | st.text(alphabet="ab. |-#\n\r\x0b\u2028!?1*。", max_size=300))
    def test_quotes_are_verbatim_and_in_order(self, passage: str) -> None:
        found = split_sentences(passage)
        assert all(sentence.quote in passage and sentence.quote for sentence in found)
        assert [sentence.position for sentence in found] == list(range(len(found)))
        place = 0
        for sentence in found:
            place = passage.index(sentence.quote, place) + len(sentence.quote)
