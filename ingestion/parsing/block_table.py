"""Blocks as columns of numbers: some forty bytes each, where half a million of them as objects fill half a gigabyte."""

import struct
from array import array
from collections.abc import Iterable, Sequence
from typing import overload

from storage.records.parsed_document import Block, BlockKind, Line

LINE = struct.Struct(
    "<qqq4d"
)  # a line as it is kept and sent: numbers of a fixed kind need no check, and JSON takes ten times as long
Head = tuple[BlockKind, int, int, tuple[str, ...], int]  # a block without its lines, and how many there are


class BlockTable(Sequence[Block]):  # noqa: PLW1641 - it grows, so it has no hash
    """A sequence of blocks that makes each when it is asked for; equal to any sequence of equal blocks.

    A document gets it by `model_copy`: validating one would ask for a list of all its blocks.
    """

    def __init__(self) -> None:
        self._kinds: list[BlockKind] = []
        self._starts, self._ends = array("q"), array("q")
        self._paths: dict[tuple[str, ...], tuple[str, ...]] = {}  # most blocks share theirs with the one before
        self._path_of: list[tuple[str, ...]] = []
        self._lines = bytearray()
        self._line_ends = array("q", [0])  # after each block, counted in lines

    def extend(self, heads: Iterable[Head], lines: bytes) -> None:
        """Add blocks whose lines follow each other in `lines`, each as `LINE` packs it.

        Raises:
            ValueError: There are more or fewer lines than the heads speak of, or half a one.
        """
        for kind, start, end, path, count in heads:
            if count < 0:
                raise ValueError("fewer lines than none")
            self._kinds.append(kind)
            self._starts.append(start)
            self._ends.append(end)
            self._path_of.append(self._paths.setdefault(path, path))
            self._line_ends.append(self._line_ends[-1] + count)
        self._lines += lines
        if len(self._lines) != self._line_ends[-1] * LINE.size:
            raise ValueError("not the lines of these blocks")

    def __len__(self) -> int:
        return len(self._kinds)

    @overload
    def __getitem__(self, index: int) -> Block: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Block]: ...
    def __getitem__(self, index: int | slice) -> Block | Sequence[Block]:
        if isinstance(index, slice):
            return [self._block(at) for at in range(len(self))[index]]
        return self._block(range(len(self))[index])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(mine == its for mine, its in zip(self, other, strict=True))

    def __repr__(self) -> str:
        return f"<{len(self)} blocks>"

    def _block(self, at: int) -> Block:
        first, end = self._line_ends[at], self._line_ends[at + 1]
        packed = self._lines[first * LINE.size : end * LINE.size]
        return Block(
            kind=self._kinds[at],
            char_start=self._starts[at],
            char_end=self._ends[at],
            heading_path=self._path_of[at],
            lines=tuple(Line._make(numbers) for numbers in LINE.iter_unpack(packed)),
        )
