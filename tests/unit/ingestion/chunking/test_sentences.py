"""Tests of cutting sentences."""

import pytest

from ingestion.chunking.sentences import sentences


class TestSentences:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("One. Two! Three?", ["One.", "Two!", "Three?"]),
            ("Dr. No met Mr. Bond. They left.", ["Dr. No met Mr. Bond.", "They left."]),
            ("It costs 3.50 EUR. Ask z.B. Anna.", ["It costs 3.50 EUR.", "Ask z.B. Anna."]),
            ("He said “Stop.” Then he left.", ["He said “Stop.”", "Then he left."]),
            ("これは文です。次の文。", ["これは文です。", "次の文。"]),
            ("- one\n- two", ["- one", "- two"]),
            ("Line one\ngoes on.\n\nNext", ["Line one\ngoes on.", "Next"]),
            ("The year was 1999. Then came 2000.", ["The year was 1999.", "Then came 2000."]),
            ("  ", []),
        ],
    )
    def test_cuts(self, text: str, expected: list[str]) -> None:
        assert [text[start:end] for start, end in sentences(text, 0, len(text))] == expected
