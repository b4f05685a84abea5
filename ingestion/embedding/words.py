"""The vectors of a text's words: what its tokens mean where they stand, one vector per word."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class TextVectors:
    """What one pass of the model says of a text: its own vector, and one for each of its words.

    `words` are in lower case, `starts` the character at which each begins; `word_vectors` is float32[words, dimension],
    L2-normalized.
    """

    vector: NDArray[np.float32]
    words: tuple[str, ...]
    word_vectors: NDArray[np.float32]
    starts: NDArray[np.int64]

    def between(self, start: int, end: int) -> NDArray[np.bool_]:
        """Which words begin inside a span of characters."""
        return (self.starts >= start) & (self.starts < end)


def vectors_of_words(
    text: str,
    offsets: Sequence[tuple[int, int]],
    token_vectors: NDArray[np.float32],
    *,
    vector: NDArray[np.float32],
) -> TextVectors:
    """The mean vector of the tokens that each word is made of.

    Args:
        text: The text.
        offsets: Start and end character of each token, in order.
        token_vectors: float32[tokens, dimension]; where it is shorter than the offsets, the model saw no further.
        vector: The text's own vector.

    Returns:
        The words that the model saw.
    """
    words: list[str] = []
    starts: list[int] = []
    bounds: list[int] = []  # first token of each word, and the one after its last
    token, seen = 0, min(len(offsets), len(token_vectors))
    for word in _WORD.finditer(text):
        while token < seen and offsets[token][1] <= word.start():
            token += 1
        last = token
        while last < seen and offsets[last][0] < word.end():
            last += 1
        if last > token:
            words.append(word.group().casefold())
            starts.append(word.start())
            bounds += (token, last)
    return TextVectors(vector, tuple(words), _means(token_vectors[:seen], bounds), np.array(starts, dtype=np.int64))


def _means(rows: NDArray[np.float32], bounds: Sequence[int]) -> NDArray[np.float32]:
    """Unit vectors of the means of rows between each pair of bounds; all at once, because a question reads hundreds of words."""
    if not bounds:
        return np.zeros((0, rows.shape[1]), dtype=np.float32)
    # Sums end at the next index, which for the last word is one row further than there are.
    closed = np.concatenate((rows, np.zeros((1, rows.shape[1]), dtype=np.float32)))
    sums = np.add.reduceat(closed, bounds, axis=0)[::2]
    return np.asarray(sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9), dtype=np.float32)
