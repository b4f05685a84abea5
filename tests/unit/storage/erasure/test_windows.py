"""Windows of texts and slices of vectors."""

import json

import numpy as np
import pytest

from storage.erasure.windows import text_forms, text_windows, vector_forms, vector_slices

LONG = " ".join(f"word{number} and something else" for number in range(40))


class TestTextWindows:
    def test_they_are_spread_over_the_text(self) -> None:
        windows = text_windows(LONG)
        assert len(windows) == 4
        assert windows[0] == LONG[:40]
        assert LONG.index(windows[-1]) > len(LONG) * 0.9

    @pytest.mark.parametrize(
        "text",
        [
            LONG,
            'He said "never again" and\nleft\tthe \\ building through the western gate',
            "Größe: zwölf Übergrößen überall",
        ],
    )
    def test_each_stands_in_the_text_and_is_the_same_in_json(self, text: str) -> None:
        windows = text_windows(text)
        assert windows
        for window in windows:
            assert window in text
            assert window in json.dumps(text, ensure_ascii=False)

    @pytest.mark.parametrize("text", ["", "Ten days.", "-" * 200, "a b " * 50, '"\n"' * 40])
    def test_a_text_that_cannot_be_told_has_none(self, text: str) -> None:
        assert text_windows(text) == []

    def test_chinese_needs_fewer_characters(self) -> None:
        assert text_windows("机器在交货后四十五天内可以退回给我们") != []


class TestVectorSlices:
    def test_both_ends_are_taken(self) -> None:
        vector = np.random.default_rng(1).normal(size=384).astype("<f2")
        assert vector_slices(vector.tobytes()) == [vector[:16].tobytes(), vector[-16:].tobytes()]

    def test_zeros_are_not_distinctive(self) -> None:
        assert vector_slices(np.zeros(384, dtype="<f2").tobytes()) == []


class TestForms:
    def test_texts_in_three_encodings(self) -> None:
        assert [
            form.decode(name) for form, name in zip(text_forms("añb"), ("utf-8", "utf-16-le", "utf-16-be"), strict=True)
        ] == ["añb"] * 3

    def test_vectors_as_both_floats_and_as_a_dump_writes_them(self) -> None:
        piece = np.arange(16).astype("<f2").tobytes()
        half, single, hexadecimal = vector_forms(piece)
        assert half == piece
        assert np.frombuffer(single, "<f4").tolist() == list(range(16))
        assert bytes.fromhex(hexadecimal.decode()) == piece
