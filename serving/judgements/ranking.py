"""How good a ranking is, by the graded relevance of what stands at each rank.

A ranking is given as the gains of its ranks, best rank first: 0 for what is of no use, 1 and more for what is. `ideal` are
the gains of everything that there was to find. Where there was nothing to find, no ranking can be better than another:
each metric is 0.0 then, and callers leave such queries out.
"""

import math
from collections.abc import Sequence


def ndcg_at(gains: Sequence[float], ideal: Sequence[float], depth: int) -> float:
    """Discounted gain of the first ranks against the best that is possible, with gain 2^relevance - 1; 0 to 1."""
    best = _dcg(sorted(ideal, reverse=True)[:depth])
    return _dcg(gains[:depth]) / best if best > 0 else 0.0


def recall_at(gains: Sequence[float], ideal: Sequence[float], depth: int) -> float:
    """Share of what there was to find that stands among the first ranks."""
    wanted = sum(gain > 0 for gain in ideal)
    return min(1.0, sum(gain > 0 for gain in gains[:depth]) / wanted) if wanted else 0.0


def reciprocal_rank(gains: Sequence[float]) -> float:
    """One over the first rank that is of use; 0 when none is. Its mean over queries is the MRR."""
    return next((1.0 / rank for rank, gain in enumerate(gains, start=1) if gain > 0), 0.0)


def hit_at(gains: Sequence[float], depth: int) -> float:
    """1 when something among the first ranks is of use, else 0. Its mean over queries is the hit rate."""
    return float(any(gain > 0 for gain in gains[:depth]))


def _dcg(gains: Sequence[float]) -> float:
    return math.fsum((2.0**gain - 1.0) / math.log2(rank + 1) for rank, gain in enumerate(gains, start=1))
