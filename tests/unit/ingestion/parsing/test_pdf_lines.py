"""Tests of the characters of PDF lines."""

import pytest

from ingestion.parsing.pdf_lines import _is_byte_swapped, cleaned


class TestCleaned:
    @pytest.mark.parametrize(
        ("raw", "shown"),
        [
            ("e\ufb03cient \ufb02ow", "efficient flow"),
            ("\uf0b7 first", "• first"),
            ("soft\u00adhyphen and\u00a0blank", "softhyphen and blank"),
            ("a\x00b\x1fc", "a b c"),
            ("\ufee3\ufeae\ufea3\ufe92\ufe8e", "مرحبا"),
            ("hid\uffffden", "hidden"),
        ],
    )
    def test_leaves_what_a_reader_would_type(self, raw: str, shown: str) -> None:
        assert cleaned(raw) == shown


class TestIsByteSwapped:
    def test_tells_letters_in_the_wrong_byte_order(self) -> None:
        assert _is_byte_swapped("".join(chr(ord(letter) << 8) for letter in "Multicolor"))

    @pytest.mark.parametrize("text", ["", "Multicolor", "北站的水泵在春天更换了", "재해보험금 지급문제 및 개선과제"])
    def test_leaves_other_texts_alone(self, text: str) -> None:
        assert not _is_byte_swapped(text)
