"""Words and pairs of words of a text: what the sentence vector blurs, such as `cancel` against `change`."""

import itertools
import re
import zlib
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

BINS = 1 << 14
_MOST_CHARACTERS = 500
_WORD = re.compile(r"\w+|[^\w\s]")


def word_bins(text: str) -> NDArray[np.int32]:
    """The bins of a text's words and pairs of neighbouring words, each once, in order.

    CRC-32 decides the bin, so that it is the same in every process and version.
    """
    bins = {zlib.crc32(gram.encode()) % BINS for gram in _grams(text[:_MOST_CHARACTERS].casefold())}
    return np.array(sorted(bins), dtype=np.int32)


def rarity_of_bins(rows: Sequence[NDArray[np.int32]]) -> NDArray[np.float32]:
    """How rare each bin is among examples, float32[BINS]: what is in every example says nothing of its intent."""
    counts = np.zeros(BINS)
    for row in rows:
        counts[row] += 1
    return np.asarray(np.log((1 + len(rows)) / (1 + counts)) + 1, dtype=np.float32)


def bin_values(row: NDArray[np.int32], rarity: NDArray[np.float32]) -> NDArray[np.float32]:
    """The values of a row's bins, float32 of the row's length, of length 1 together."""
    values = rarity[row]
    return np.asarray(values / max(float(np.linalg.norm(values)), 1e-9), dtype=np.float32)


def _grams(text: str) -> Iterator[str]:
    words = _WORD.findall(text)
    yield from words
    for first, second in itertools.pairwise(words):
        yield f"{first} {second}"
