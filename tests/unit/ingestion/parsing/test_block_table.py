"""Tests of blocks kept as columns."""

import sys
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.parsing.block_table import LINE, BlockTable
from storage.records.parsed_document import Block, BlockKind, Line, ParsedDocument

PLACES = st.integers(0, 1 << 40)
BOX = st.floats(-1e6, 1e6)
LINES = st.builds(Line, PLACES, PLACES, st.integers(1, 99_999), BOX, BOX, BOX, BOX)
BLOCKS = st.builds(
    Block,
    kind=st.sampled_from(BlockKind),
    char_start=PLACES,
    char_end=PLACES,
    heading_path=st.lists(st.text(max_size=5), max_size=3).map(tuple),
    lines=st.lists(LINES, max_size=4).map(tuple),
)


def table_of(blocks: list[Block], *, at_once: int = 3) -> BlockTable:
    table = BlockTable()
    for first in range(0, len(blocks), at_once):
        part = blocks[first : first + at_once]
        heads = [(one.kind, one.char_start, one.char_end, one.heading_path, len(one.lines)) for one in part]
        table.extend(heads, b"".join(LINE.pack(*line) for one in part for line in one.lines))
    return table


class TestSequence:
    @given(st.lists(BLOCKS, max_size=10), st.slices(10))
    def test_it_is_what_was_put_in(self, blocks: list[Block], part: slice) -> None:
        table = table_of(blocks)

        assert list(table) == blocks
        assert len(table) == len(blocks)
        assert list(table[part]) == blocks[part]
        assert [table[at] for at in range(-len(blocks), len(blocks))] == blocks * 2
        assert table == tuple(blocks)
        assert ParsedDocument(text="").model_copy(update={"blocks": table}) == ParsedDocument(text="", blocks=blocks)

    def test_another_block_makes_it_another_table(self) -> None:
        one = Block(kind=BlockKind.LIST, char_start=0, char_end=1)
        other = Block(kind=BlockKind.LIST, char_start=0, char_end=2)

        assert table_of([one]) != [other]
        assert table_of([one]) != [one, one]
        assert table_of([one]) != 1

    def test_there_is_nothing_behind_its_end(self) -> None:
        with pytest.raises(IndexError):
            BlockTable()[0]

    def test_a_document_s_goes_through_json(self) -> None:
        blocks = [Block(kind=BlockKind.TABLE, char_start=0, char_end=4, heading_path=("A",))]
        document = ParsedDocument(text="text").model_copy(update={"blocks": table_of(blocks)})

        assert ParsedDocument.model_validate_json(document.model_dump_json()).blocks == blocks


class TestMemory:
    def test_a_block_takes_tens_of_bytes(self) -> None:
        heads = [(BlockKind.PARAGRAPH, at, at + 1, ("Same", "path"), 0) for at in range(1000)]
        tracemalloc.start()
        try:
            table = BlockTable()
            for _ in range(100):
                table.extend(heads, b"")
            taken, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

        assert len(table) == 100_000
        assert taken / len(table) < 60
        assert taken / len(table) < sys.getsizeof(table[0])
