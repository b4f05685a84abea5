"""From gated candidates to the passages that are given: boosts, age, duplicates, diversity."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from serving.retrieval.fusion import Fused
from serving.retrieval.settings import RetrievalSettings
from storage.postgres.session import AnyRow
from storage.records.vector import Vector

SAME_MEANING = 0.995  # cosine from which on two passages count as the same
_SECONDS_PER_DAY = 86_400


@dataclass(frozen=True)
class Found:
    """A candidate that passed the gate: its row, vector and similarity. `score` starts as the joint score."""

    fused: Fused
    fused_rank: int
    row: AnyRow
    vector: Vector | None
    similarity: float
    score: float
    reranker: float | None = None


def weighted(found: Sequence[Found], settings: RetrievalSettings, *, now: datetime | None = None) -> list[Found]:
    """Scores times boosts and age, best first."""
    moment = now or datetime.now(UTC)
    return _ordered([replace(one, score=one.score * _factor(one.row, settings, moment)) for one in found])


def rescored(found: Sequence[Found], scores: Sequence[float]) -> list[Found]:
    """By a reranker's scores alone, best first."""
    return _ordered([replace(one, score=s, reranker=s) for one, s in zip(found, scores, strict=True)])


def chosen(found: Sequence[Found], settings: RetrievalSettings) -> list[Found]:
    """The passages to give, by rank: without duplicates, not too many of a document, as unlike as asked for."""
    rest = list(found)
    kept: list[Found] = []
    per_document: dict[object, int] = {}
    while rest and len(kept) < settings.limit:
        one = rest.pop(_next(rest, kept, settings.diversity))
        document = one.row.Chunk.document_id
        if settings.most_per_document is not None and per_document.get(document, 0) >= settings.most_per_document:
            continue
        if settings.skips_duplicates and any(_say_the_same(one, other) for other in kept):
            continue
        per_document[document] = per_document.get(document, 0) + 1
        kept.append(one)
    return kept


def _ordered(found: list[Found]) -> list[Found]:
    return sorted(found, key=lambda one: (-one.score, one.fused_rank))


def _factor(row: AnyRow, settings: RetrievalSettings, now: datetime) -> float:
    factor = math.prod(boost.factor for number, boost in enumerate(settings.boosts) if getattr(row, f"boost_{number}"))
    moment = getattr(row, settings.decay.field) if settings.decay else None
    if settings.decay and moment is not None:
        days = max((now - moment).total_seconds() / _SECONDS_PER_DAY, 0.0)
        factor *= 0.5 ** (days / settings.decay.half_life_days)
    return factor


def _next(rest: Sequence[Found], kept: Sequence[Found], diversity: float) -> int:
    """Maximal marginal relevance: the best by score, less its likeness to what was chosen."""
    if not diversity or not kept:
        return 0
    best = max(one.score for one in (*rest, *kept)) or 1.0
    gains = [
        (1 - diversity) * one.score / best - diversity * max(_likeness(one, other) for other in kept) for one in rest
    ]
    return int(np.argmax(gains))


def _likeness(one: Found, other: Found) -> float:
    if one.vector is None or other.vector is None:
        return 0.0
    return float(one.vector @ other.vector)


def _say_the_same(one: Found, other: Found) -> bool:
    if one.row.Chunk.text.split() == other.row.Chunk.text.split():
        return True
    return one.row.Chunk.document_id != other.row.Chunk.document_id and _likeness(one, other) >= SAME_MEANING
