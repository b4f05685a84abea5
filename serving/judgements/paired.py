"""How much better one thing is than another on the same samples, with an interval: the paired bootstrap."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

RESAMPLES = 2000
_MOST_CELLS = 4_000_000


@dataclass(frozen=True)
class PairedDifference:
    """Mean of candidate minus baseline, and its 95 % interval over resampled pairs.

    Without pairs nothing is known: the difference is None and the interval is all of [-1, 1], which holds for scores from
    0 to 1.
    """

    difference: float | None
    low: float
    high: float
    count: int

    @property
    def is_worse(self) -> bool:
        """Whether the whole interval is below 0: the candidate is worse, and chance does not explain it."""
        return self.high < 0.0

    def as_json(self) -> dict[str, float | int | None]:
        """For a database column."""
        return asdict(self)


def paired_difference(
    candidate: Sequence[float], baseline: Sequence[float], *, seed: int = 0, resamples: int = RESAMPLES
) -> PairedDifference:
    """The mean difference of two scores of the same samples, with a percentile bootstrap interval.

    Args:
        candidate: Scores of the one, from 0 to 1.
        baseline: Scores of the other, in the same order.
        seed: The same seed gives the same interval.
        resamples: How often the pairs are drawn again.

    Raises:
        ValueError: There are not as many of the one as of the other.
    """
    if len(candidate) != len(baseline):
        raise ValueError(
            f"{len(candidate)} scores cannot be paired with {len(baseline)}: score the same samples with both."
        )
    count = len(candidate)
    if count == 0:
        return PairedDifference(None, -1.0, 1.0, 0)
    differences = np.asarray(candidate, dtype=np.float64) - np.asarray(baseline, dtype=np.float64)
    random = np.random.default_rng(seed)
    means: list[np.ndarray[tuple[int], np.dtype[np.float64]]] = []
    at_once = max(1, _MOST_CELLS // count)
    for start in range(0, resamples, at_once):
        drawn = random.integers(0, count, size=(min(at_once, resamples - start), count))
        means.append(differences[drawn].mean(axis=1))
    low, high = np.quantile(np.concatenate(means), (0.025, 0.975))
    return PairedDifference(float(differences.mean()), float(low), float(high), count)
