"""Words' vectors against the mean of their tokens, computed one by one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ingestion.embedding.words import vectors_of_words

DIMENSION = 8


def tokens_of(text: str, size: int) -> list[tuple[int, int]]:
    """Pieces of at most `size` characters of each word, as a tokenizer cuts."""
    found, start = [], 0
    for word in text.split(" "):
        found += [(start + at, min(start + at + size, start + len(word))) for at in range(0, len(word), size)]
        start += len(word) + 1
    return found


class TestVectorsOfWords:
    @given(
        words=st.lists(st.text("abcXYZ089é", min_size=1, max_size=9), max_size=12),
        size=st.integers(1, 4),
        cut=st.integers(0, 30),
        seed=st.integers(0, 2**16),
    )
    def test_each_is_the_unit_mean_of_its_tokens(self, words: list[str], size: int, cut: int, seed: int) -> None:
        text = " ".join(words)
        offsets = tokens_of(text, size) if words else []
        rows = np.random.default_rng(seed).normal(size=(max(0, len(offsets) - cut), DIMENSION)).astype(np.float32)
        whole = np.ones(DIMENSION, dtype=np.float32)

        found = vectors_of_words(text, offsets, rows, vector=whole)

        expected, starts, seen, start = [], [], [], 0
        for word in words:
            inside = [i for i, (begin, _) in enumerate(offsets[: len(rows)]) if start <= begin < start + len(word)]
            if inside:
                mean = rows[inside].mean(axis=0)
                expected.append(mean / np.linalg.norm(mean))
                starts.append(start)
                seen.append(word.casefold())
            start += len(word) + 1
        assert (list(found.words), found.starts.tolist()) == (seen, starts)
        assert found.word_vectors.shape == (len(expected), DIMENSION)
        assert found.word_vectors.dtype == np.float32
        np.testing.assert_allclose(found.word_vectors, np.array(expected).reshape(-1, DIMENSION), atol=1e-5)
