"""A text that comes in thousands of small pieces and is kept small."""

from array import array
from bisect import bisect_right

# Short strings weigh ten times their text. Blocks are much of a size, so that what grows leaves no holes of every size behind.
_PIECES_A_BLOCK = 64


class GrowingText:
    """Text that only grows; any part of it costs as much as that part, however long the whole is."""

    def __init__(self) -> None:
        self._blocks: list[str] = []
        self._starts = array("I", [0])  # of each block, and last of the pieces that are no block yet
        self._pieces: list[str] = []
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def __str__(self) -> str:
        return self.between(0, self._length)

    def add(self, piece: str) -> None:
        """More text at the end."""
        self._pieces.append(piece)
        self._length += len(piece)
        if len(self._pieces) == _PIECES_A_BLOCK:
            self._blocks.append("".join(self._pieces))
            self._starts.append(self._length)
            self._pieces.clear()

    def between(self, start: int, end: int) -> str:
        """The characters from `start` to before `end`; 0 <= start <= end <= the length."""
        first = bisect_right(self._starts, start) - 1
        last = bisect_right(self._starts, end)
        touched = "".join((*self._blocks[first:last], *(self._pieces if end > self._starts[-1] else ())))
        return touched[start - self._starts[first] : end - self._starts[first]]
