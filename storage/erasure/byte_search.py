"""Searches streams for very many byte strings at once."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Protocol

import numpy as np
import numpy.typing as npt

_ANCHOR = 8  # the first bytes of each string, read as one number
_BLOCK = 4 << 20
_SLOT_BITS = 22
_MIXER = np.uint64(0x9E3779B97F4A7C15)


class Readable(Protocol):
    """What can be read through."""

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes; none at the end."""
        ...


class ByteSearch:
    """Finds any of the given strings at any offset of a stream.

    Every offset is hashed into a table of bits first; only what passes is compared whole. So the cost hardly grows with
    the number of strings.
    """

    def __init__(self, strings: Iterable[bytes]) -> None:
        self._by_anchor: defaultdict[int, list[bytes]] = defaultdict(list)
        self._longest = _ANCHOR
        for string in sorted(set(strings)):
            if len(string) < _ANCHOR:
                raise ValueError(f"A string to search for must have {_ANCHOR} bytes or more, not {len(string)}.")
            self._by_anchor[int.from_bytes(string[:_ANCHOR], "little")].append(string)
            self._longest = max(self._longest, len(string))
        self._bits = np.zeros(1 << _SLOT_BITS, dtype=np.bool_)
        if self._by_anchor:
            self._bits[_slots(np.fromiter(self._by_anchor, dtype=np.uint64, count=len(self._by_anchor)))] = True

    def found(self, stream: Readable) -> Iterator[tuple[bytes, int]]:
        """Every hit as (string, offset), in no particular order within a block; a stream is read to its end."""
        carried, start = b"", 0
        while block := stream.read(_BLOCK):
            data = carried + block
            # What begins in the last bytes may go on in the next block; it is looked at again with it.
            whole = len(data) - self._longest + 1
            yield from ((string, start + at) for string, at in self._hits(data) if at < whole)
            keep = max(whole, 0)
            carried, start = data[keep:], start + keep
        yield from ((string, start + at) for string, at in self._hits(carried))

    def _hits(self, data: bytes) -> Iterator[tuple[bytes, int]]:
        for shift in range(_ANCHOR):
            count = (len(data) - shift) // _ANCHOR
            if count <= 0:
                return
            numbers = np.frombuffer(data, dtype="<u8", count=count, offset=shift)
            for index in np.nonzero(self._bits[_slots(numbers)])[0].tolist():
                at = shift + index * _ANCHOR
                for string in self._by_anchor.get(int(numbers[index]), ()):
                    if data.startswith(string, at):
                        yield string, at


def _slots(numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.intp]:
    mixed: npt.NDArray[np.uint64] = (numbers * _MIXER) >> np.uint64(64 - _SLOT_BITS)
    return mixed.astype(np.intp)
