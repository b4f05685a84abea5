"""The vectors of a text's words: what its tokens mean where they stand, one vector per word."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class TextVectors:
    """What one pass of the model says of a text: its own vector, and one for each of its words."""

    vector: NDArray[np.float32]
    words: tuple[str, ...]
    word_vectors: NDArray[np.float32]


def vectors_of_words(
    text: str, offsets: Sequence[tuple[int, int]], token_vectors: NDArray[np.float32]
) -> tuple[tuple[str, ...], NDArray[np.float32]]:
    """Words of a text, in lower case, and the mean vector of the tokens that each is made of.

    Args:
        text: The text.
        offsets: Start and end character of each token, in order.
        token_vectors: float32[tokens, dimension]; where it is shorter than the offsets, the model saw no further.

    Returns:
        The words that the model saw and their vectors, L2-normalized, float32[words, dimension].
    """
    words: list[str] = []
    vectors: list[NDArray[np.float32]] = []
    token, seen = 0, min(len(offsets), len(token_vectors))
    for word in _WORD.finditer(text):
        while token < seen and offsets[token][1] <= word.start():
            token += 1
        last = token
        while last < seen and offsets[last][0] < word.end():
            last += 1
        if last > token:
            mean = token_vectors[token:last].mean(axis=0)
            words.append(word.group().casefold())
            vectors.append(mean / max(float(np.linalg.norm(mean)), 1e-9))
    shape = (len(words), token_vectors.shape[1])
    return tuple(words), np.array(vectors, dtype=np.float32).reshape(shape)
