"""Tests of comparing texts with the truth."""

import pytest

from benchmarks.ingestion.similarity import edit_distance, error_rate, word_similarity


class TestEditDistance:
    @pytest.mark.parametrize(
        ("first", "second", "expected"),
        [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("flaw", "lawn", 2),
            ("ñandú", "nandu", 2),
        ],
    )
    def test_counts(self, first: str, second: str, expected: int) -> None:
        assert edit_distance(first, second) == expected

    def test_agrees_with_the_plain_definition(self) -> None:
        first, second = "the pump runs at two bar", "teh pumps run at to bars"

        def plain(a: str, b: str) -> int:
            row = list(range(len(b) + 1))
            for i, x in enumerate(a, start=1):
                previous, row[0] = row[0], i
                for j, y in enumerate(b, start=1):
                    previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (x != y))
            return row[-1]

        assert edit_distance(first, second) == plain(first, second)


class TestRates:
    def test_blanks_and_ligatures_do_not_count(self) -> None:
        assert error_rate("The  ﬁrst\npump", "The first pump") == 0
        assert word_similarity("The  ﬁrst\npump", "The first pump") == 1

    def test_order_counts(self) -> None:
        assert word_similarity("b b b a a a", "a a a b b b") == 0.5
