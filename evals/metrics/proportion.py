"""A share of passes with its 95 % interval."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

_Z = 1.959963984540054  # 97.5 % of the standard normal distribution


@dataclass(frozen=True)
class Proportion:
    """Passes among `count` samples, and the Wilson interval of their share.

    Without samples nothing is known: the value is None and the interval is all of [0, 1].
    """

    value: float | None
    low: float
    high: float
    passes: int
    count: int

    def as_json(self) -> dict[str, float | int | None]:
        """For a database column."""
        return asdict(self)


def proportion(passes: Sequence[bool]) -> Proportion:
    """The share of True, with Wilson's score interval, which stays inside [0, 1] for small and extreme samples."""
    count, good = len(passes), sum(passes)
    if count == 0:
        return Proportion(None, 0.0, 1.0, 0, 0)
    share = good / count
    spread = _Z * math.sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2))
    centre = share + _Z**2 / (2 * count)
    scale = 1 + _Z**2 / count
    # At 0 and 1 the formula meets the border exactly; rounding must not leave it.
    low = 0.0 if good == 0 else max(0.0, (centre - spread) / scale)
    high = 1.0 if good == count else min(1.0, (centre + spread) / scale)
    return Proportion(share, low, high, good, count)
