"""A text that is kept small while it grows."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.conversations.streams.text import GrowingText


class TestBetween:
    @given(st.lists(st.text(max_size=4), max_size=300), st.data())
    def test_any_part_is_that_of_the_whole(self, pieces: list[str], data: st.DataObject) -> None:
        text = GrowingText()
        for piece in pieces:
            text.add(piece)
        whole = "".join(pieces)
        end = data.draw(st.integers(0, len(whole)))
        start = data.draw(st.integers(0, end))
        assert text.between(start, end) == whole[start:end]
        assert (str(text), len(text)) == (whole, len(whole))

    @pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 128, 129])
    def test_at_the_ends_of_blocks(self, count: int) -> None:
        text = GrowingText()
        for _ in range(count):
            text.add("ab")
        assert str(text) == "ab" * count
        assert [text.between(at, at + 1) for at in range(2 * count)] == ["a", "b"] * count


class TestMemory:
    def test_it_takes_little_more_than_its_characters(self) -> None:
        tracemalloc.start()
        try:
            text = GrowingText()
            for number in range(64_000):
                text.add(f"{number:9} ")
            taken, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert taken < 1.2 * len(text)
