"""The search for many strings finds what a search for each would find."""

import io
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.erasure import byte_search
from storage.erasure.byte_search import ByteSearch


def naive(strings: set[bytes], data: bytes) -> set[tuple[bytes, int]]:
    found = set()
    for string in strings:
        at = data.find(string)
        while at >= 0:
            found.add((string, at))
            at = data.find(string, at + 1)
    return found


@given(
    strings=st.sets(st.binary(min_size=8, max_size=12), min_size=1, max_size=6),
    pieces=st.lists(st.binary(max_size=20), max_size=8),
    block=st.integers(1, 40),
)
def test_it_equals_a_search_for_each(strings: set[bytes], pieces: list[bytes], block: int) -> None:
    data = b"".join(piece + string for piece, string in zip(pieces, sorted(strings) * 8, strict=False))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(byte_search, "_BLOCK", block)  # so that hits lie across blocks
        found = list(ByteSearch(strings).found(io.BytesIO(data)))
    assert set(found) == naive(strings, data)
    assert len(found) == len(set(found))


def test_strings_with_the_same_beginning_are_told_apart() -> None:
    search = ByteSearch([b"beginning-a", b"beginning-b", b"beginning"])
    assert sorted(search.found(io.BytesIO(b"..beginning-b"))) == [(b"beginning", 2), (b"beginning-b", 2)]


def test_nothing_to_search_for_finds_nothing() -> None:
    assert list(ByteSearch([]).found(io.BytesIO(b"anything at all"))) == []


def test_a_string_too_short_to_be_searched_for_is_refused() -> None:
    with pytest.raises(ValueError, match="8 bytes or more, not 3"):
        ByteSearch([b"abc"])


def test_a_hundred_thousand_strings_are_searched_for_at_once() -> None:
    chance = random.Random(3)  # noqa: S311 - the same bytes each time
    strings = {chance.randbytes(24) for _ in range(100_000)}
    hidden = sorted(strings)[::1000]
    data = b"".join(chance.randbytes(977) + string for string in hidden)
    assert {string for string, _ in ByteSearch(strings).found(io.BytesIO(data))} == set(hidden)
