"""Words and pieces of words of a text as a sparse row: what the sentence vector blurs, such as `cancel` against `change`."""

import re
import zlib
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

BINS = 1 << 14
MOST_CHARACTERS = 500
_WORD = re.compile(r"\w+|[^\w\s]")
_PIECES = (3, 4)


def gram_bins(text: str) -> NDArray[np.int32]:
    """The bins of a text's words, pairs of words and pieces of words, each once, in order.

    CRC-32 decides the bin, so that it is the same in every process and version.
    """
    grams = set(_grams(text[:MOST_CHARACTERS].casefold()))
    return np.unique(np.array([zlib.crc32(gram.encode()) % BINS for gram in grams], dtype=np.int32))


def inverse_frequencies(rows: Sequence[NDArray[np.int32]]) -> NDArray[np.float32]:
    """How rare each bin is among the examples, float32[BINS]: what is in every example says nothing of its intent."""
    counts = np.zeros(BINS, dtype=np.float64)
    for row in rows:
        counts[row] += 1
    return np.asarray(np.log((1 + len(rows)) / (1 + counts)) + 1, dtype=np.float32)


def weighted(row: NDArray[np.int32], rarity: NDArray[np.float32]) -> NDArray[np.float32]:
    """The values of a row's bins, of length 1 together; float32 of the row's length."""
    values = rarity[row]
    return values / max(float(np.linalg.norm(values)), 1e-9)


def _grams(text: str) -> Iterator[str]:
    words = _WORD.findall(text)
    for word in words:
        yield f"w{word}"
        marked = f"<{word}>"
        for length in _PIECES:
            for start in range(len(marked) - length + 1):
                yield f"c{marked[start : start + length]}"
    for first, second in zip(words, words[1:], strict=False):
        yield f"p{first} {second}"
