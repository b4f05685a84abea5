"""Tests of what a benchmark prints."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.figure import figure, machine, percentile, timed


class TestFigure:
    @pytest.mark.parametrize(
        ("value", "bounds", "goal", "met"),
        [
            (3.0, {"at_most": 3.0}, "<= 3.0", True),
            (3.1, {"at_most": 3.0}, "<= 3.0", False),
            (0.9, {"at_least": 0.9}, ">= 0.9", True),
            (0.8, {"at_least": 0.9}, ">= 0.9", False),
            (0.0, {"at_most": 0}, "<= 0", True),
            (5.0, {}, None, None),
            (None, {"at_most": 3.0}, "<= 3.0", None),
        ],
    )
    def test_against_its_goal(
        self, value: float | None, bounds: dict[str, float], goal: str | None, met: bool | None
    ) -> None:
        found = figure("x", value, "s", **bounds)  # type: ignore[arg-type]
        assert (found["goal"], found["met"]) == (goal, met)

    def test_the_unrounded_value_decides(self) -> None:
        found = figure("x", 3.00001, "s", at_most=3.0)
        assert (found["value"], found["met"]) == (3.0, False)

    def test_has_every_field_that_readers_expect(self) -> None:
        assert set(figure("x", 1, "s", note="y")) == {
            "name", "value", "unit", "spread", "peer", "peer_value", "ratio", "goal", "met", "note",
        }  # fmt: skip


class TestTimed:
    def test_the_median_with_its_extremes(self) -> None:
        found = timed("x", [3.0, 1.0, 2.0], "s", at_most=2)
        assert (found["value"], found["spread"], found["runs"], found["met"]) == (2.0, [1.0, 3.0], 3, True)


class TestPercentile:
    @pytest.mark.parametrize(("share", "expected"), [(0.0, 1), (0.5, 10), (0.95, 19), (1.0, 20)])
    def test_nearest_rank_of_twenty(self, share: float, expected: int) -> None:
        assert percentile(list(range(20, 0, -1)), share) == expected

    @given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=60), st.floats(0, 1))
    def test_is_one_of_the_values_and_enough_lie_below(self, values: list[float], share: float) -> None:
        found = percentile(values, share)
        assert found in values
        assert sum(value <= found for value in values) >= math.floor(share * len(values))


class TestMachine:
    def test_names_cores_and_python(self) -> None:
        assert "cores" in machine()
        assert "Python 3." in machine()
