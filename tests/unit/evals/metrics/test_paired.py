"""The paired bootstrap."""

import numpy as np
import pytest

from evals.metrics.paired import paired_difference


class TestPairedDifference:
    def test_worse_beyond_chance(self) -> None:
        found = paired_difference([0.1] * 30, [0.9] * 30)
        assert (found.difference, found.low, found.high) == pytest.approx((-0.8, -0.8, -0.8))
        assert found.is_worse

    def test_worse_by_chance_is_not_worse(self) -> None:
        found = paired_difference([0.0, 1.0, 1.0, 0.0], [1.0, 1.0, 0.0, 0.0])
        assert found.low < 0 < found.high
        assert not found.is_worse

    def test_the_same_is_not_worse(self) -> None:
        found = paired_difference([0.5, 1.0], [0.5, 1.0])
        assert (found.difference, found.low, found.high, found.is_worse) == (0.0, 0.0, 0.0, False)

    def test_nothing_is_known_of_nothing(self) -> None:
        found = paired_difference([], [])
        assert (found.difference, found.low, found.high, found.count) == (None, -1.0, 1.0, 0)
        assert not found.is_worse

    def test_pairs_must_match(self) -> None:
        with pytest.raises(ValueError, match="2 scores cannot be paired with 1"):
            paired_difference([0.1, 0.2], [0.1])

    def test_the_seed_decides(self) -> None:
        scores = np.random.default_rng(7).random((2, 40)).tolist()
        assert paired_difference(*scores, seed=1) == paired_difference(*scores, seed=1)
        assert paired_difference(*scores, seed=1) != paired_difference(*scores, seed=2)

    def test_the_interval_covers_the_truth_as_often_as_it_says(self) -> None:
        random = np.random.default_rng(11)
        covered = 0
        for seed in range(200):
            differences = random.normal(0.05, 0.2, size=60)
            found = paired_difference(differences.tolist(), [0.0] * 60, seed=seed, resamples=500)
            covered += found.low <= 0.05 <= found.high
        assert 0.88 <= covered / 200 <= 0.99

    def test_many_pairs_take_little_memory(self) -> None:
        assert paired_difference([0.5] * 100_000, [0.4] * 100_000, resamples=80).low == pytest.approx(0.1)
