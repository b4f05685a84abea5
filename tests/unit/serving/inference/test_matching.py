"""Tests of meeting a question's words one by one."""

import numpy as np
import pytest

from ingestion.embedding.embedder import default_embedder
from serving.inference.matching import mean_match, word_matches

ONE_ZERO = np.array([[1, 0], [0, 1]], dtype=np.float32)


class TestWordMatches:
    def test_the_closest_word_for_each(self) -> None:
        text = np.array([[0.6, 0.8], [0.8, 0.6], [-1, 0]], dtype=np.float16)
        assert word_matches(ONE_ZERO, text) == pytest.approx([0.8, 0.8], abs=1e-3)

    def test_a_text_without_words_meets_nothing(self) -> None:
        assert word_matches(ONE_ZERO, np.zeros((0, 2), np.float16)).tolist() == [0, 0]

    def test_a_synonym_meets_better_than_another_subject(self) -> None:
        asked, same, other = default_embedder().embed_words(
            ["refund money", "You get your cash reimbursed.", "The oven heats up to 200 degrees."]
        )
        near, far = (
            mean_match(word_matches(asked.word_vectors, text.word_vectors.astype(np.float16))) for text in (same, other)
        )
        assert near > far


class TestMeanMatch:
    def test_the_mean(self) -> None:
        assert mean_match(np.array([0.2, 0.4], np.float32)) == pytest.approx(0.3)

    def test_no_words(self) -> None:
        assert mean_match(np.zeros(0, np.float32)) == 0
