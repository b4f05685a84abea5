"""Shares with intervals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.metrics.proportion import Proportion, proportion


class TestProportion:
    def test_known_interval(self) -> None:
        # 45 of 50: Wilson's interval by hand is 0.7864 to 0.9565.
        found = proportion([True] * 45 + [False] * 5)
        assert found.value == 0.9
        assert (found.low, found.high) == pytest.approx((0.7864, 0.9565), abs=1e-4)

    def test_no_samples_say_nothing(self) -> None:
        assert proportion([]) == Proportion(None, 0.0, 1.0, 0, 0)

    def test_all_passed_still_leaves_doubt(self) -> None:
        found = proportion([True] * 10)
        assert found.high == 1.0
        assert found.low == pytest.approx(0.7225, abs=1e-4)

    @given(st.lists(st.booleans(), min_size=1, max_size=500))
    def test_interval_holds_the_value_and_stays_inside(self, passes: list[bool]) -> None:
        found = proportion(passes)
        assert found.value is not None
        assert 0.0 <= found.low <= found.value <= found.high <= 1.0
