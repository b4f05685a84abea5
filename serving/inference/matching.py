"""Late interaction: how well the words of a question are met, one by one, by the words of a text.

A word is met by another that means the same in its place ("send back" by "return"), which shared words alone miss and one
vector for a whole text blurs.
"""

import numpy as np
from numpy.typing import NDArray


def word_matches(question: NDArray[np.float32], text: NDArray[np.float16]) -> NDArray[np.float32]:
    """For each word of the question the cosine similarity to the word of the text that is closest to it.

    Args:
        question: Unit vectors of the question's words, [words, dimension].
        text: Unit vectors of the text's words; without any, nothing is met.
    """
    if not len(text):
        return np.zeros(len(question), dtype=np.float32)
    closest: NDArray[np.float32] = (question @ text.astype(np.float32).T).max(axis=1)
    return closest


def mean_match(matches: NDArray[np.float32]) -> float:
    """The mean over the question's words; 0 when it has none."""
    return float(matches.mean()) if len(matches) else 0.0
