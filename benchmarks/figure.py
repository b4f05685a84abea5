"""What a benchmark prints."""

import os
import platform
import statistics
from collections.abc import Sequence
from typing import Any


def figure(
    name: str,
    value: float | None,
    unit: str,
    *,
    at_most: float | None = None,
    at_least: float | None = None,
    spread: Sequence[float] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """One figure against its goal.

    Args:
        name: What was measured.
        value: The median, or the share.
        unit: Its unit.
        at_most: The goal is met at or below this.
        at_least: The goal is met at or above this.
        spread: Lowest and highest of the runs, or an interval.
        more: Further fields, for example `runs`.
    """
    goal = f"<= {at_most}" if at_most is not None else f">= {at_least}" if at_least is not None else None
    met: bool | None = None
    if value is not None and goal is not None:
        met = value <= at_most if at_most is not None else value >= (at_least or 0)
    return {
        "name": name,
        "value": None if value is None else round(value, 4),
        "unit": unit,
        "spread": [round(x, 4) for x in spread] if spread is not None else None,
        "peer": None,
        "peer_value": None,
        "ratio": None,
        "goal": goal,
        "met": met,
        **more,
    }


def timed(name: str, runs: Sequence[float], unit: str, *, at_most: float | None = None) -> dict[str, Any]:
    """The median of several runs with their extremes."""
    return figure(name, statistics.median(runs), unit, at_most=at_most, spread=(min(runs), max(runs)), runs=len(runs))


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, int(share * len(ordered) + 0.999999) - 1))]


def machine() -> str:
    """The machine in words: figures of two machines are not comparable."""
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
