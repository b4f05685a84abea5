"""Tests of which texts go through the model together."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ingestion.embedding.batches import batches, padded


class TestBatches:
    @given(st.lists(st.integers(1, 300)), st.integers(1, 1000))
    def test_every_text_once_and_never_more_than_fits(self, lengths: list[int], most: int) -> None:
        found = list(batches(lengths, most))

        assert sorted(index for batch in found for index in batch) == list(range(len(lengths)))
        for batch in found:
            assert len(batch) == 1 or len(batch) * max(lengths[index] for index in batch) <= most

    def test_texts_of_like_length_go_together(self) -> None:
        assert list(batches([9, 1, 10, 2], 20)) == [[1, 3], [0, 2]]


class TestPadded:
    def test_masks_what_is_not_there(self) -> None:
        ids, mask = padded([[5, 6, 7], [8]])

        np.testing.assert_array_equal(ids, [[5, 6, 7], [8, 0, 0]])
        np.testing.assert_array_equal(mask, [[1, 1, 1], [1, 0, 0]])
