"""Rankings, compared with figures worked out by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.metrics.ranking import hit_at, ndcg_at, recall_at, reciprocal_rank

GAINS = st.lists(st.integers(0, 3).map(float), max_size=12)


class TestNdcgAt:
    def test_by_hand(self) -> None:
        # (2^0-1)/1 + (2^3-1)/log2(3) + (2^1-1)/2 against 7/1 + 1/log2(3)
        expected = (7 / math.log2(3) + 0.5) / (7 + 1 / math.log2(3))
        assert ndcg_at([0, 3, 1], [3, 1], 10) == pytest.approx(expected)

    def test_depth_cuts_ranking_and_ideal(self) -> None:
        assert ndcg_at([0, 1], [1], 1) == 0.0
        assert ndcg_at([1, 1], [1, 1, 1], 2) == pytest.approx(1.0)

    def test_nothing_to_find_is_zero(self) -> None:
        assert ndcg_at([], [], 10) == 0.0
        assert ndcg_at([0.0], [0.0], 10) == 0.0

    @given(GAINS, st.integers(1, 12))
    def test_the_ideal_order_is_the_best(self, gains: list[float], depth: int) -> None:
        value = ndcg_at(gains, gains, depth)
        best = ndcg_at(sorted(gains, reverse=True), gains, depth)
        assert 0.0 <= value <= best + 1e-12
        assert best == pytest.approx(1.0 if any(gains) else 0.0)


class TestRecallAt:
    def test_share_of_what_there_was(self) -> None:
        assert recall_at([1, 0, 2, 1], [1, 2, 1, 1], 3) == pytest.approx(0.5)
        assert recall_at([], [], 3) == 0.0


class TestReciprocalRank:
    def test_first_of_use(self) -> None:
        assert reciprocal_rank([0, 0, 2, 1]) == pytest.approx(1 / 3)
        assert reciprocal_rank([0, 0]) == 0.0
        assert reciprocal_rank([]) == 0.0


class TestHitAt:
    def test_within_depth_only(self) -> None:
        assert hit_at([0, 0, 1], 2) == 0.0
        assert hit_at([0, 0, 1], 3) == 1.0
        assert hit_at([], 3) == 0.0
