"""Joins the candidates of both searches into one list."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from storage.records.vector import Candidate


@dataclass(frozen=True, slots=True)
class Fused:
    """A candidate with its joint score, and its score and rank (from 1) in each search that put it forward."""

    chunk_id: uuid.UUID
    score: float
    vector: float | None = None
    vector_rank: int | None = None
    text: float | None = None
    text_rank: int | None = None


def single(candidates: Sequence[Candidate], *, is_text: bool) -> list[Fused]:
    """The candidates of one search alone."""
    ranked = enumerate(_once(candidates), start=1)
    if is_text:
        return [Fused(c.chunk_id, c.score, text=c.score, text_rank=rank) for rank, c in ranked]
    return [Fused(c.chunk_id, c.score, vector=c.score, vector_rank=rank) for rank, c in ranked]


def convex(vector: Sequence[Candidate], text: Sequence[Candidate], *, weight: float, depth: int) -> list[Fused]:
    """The weighted sum of both scores, each as a share of its search's best.

    A candidate that one search did not put forward scores there at most as much as the last that it did, and that much it is
    given; nothing where the search had fewer than `depth` to put forward.

    Args:
        vector: Candidates of the vector search, best first.
        text: Candidates of full-text search, best first.
        weight: Share of the vector search, 0 to 1.
        depth: How many candidates each search was asked for.
    """
    vector, text = _once(vector), _once(text)
    vectors, texts = _shares(vector), _shares(text)
    vector_floor = min(vectors.values(), default=0.0) if len(vector) >= depth else 0.0
    text_floor = min(texts.values(), default=0.0) if len(text) >= depth else 0.0
    return _joined(
        vector,
        text,
        {
            key: weight * vectors.get(key, vector_floor) + (1 - weight) * texts.get(key, text_floor)
            for key in {**vectors, **texts}
        },
    )


def reciprocal_rank(
    vector: Sequence[Candidate], text: Sequence[Candidate], *, weight: float, constant: int
) -> list[Fused]:
    """The weighted sum of 1 / (constant + rank): scores do not count, only the order.

    Args:
        vector: Candidates of the vector search, best first.
        text: Candidates of full-text search, best first.
        weight: Share of the vector search, 0 to 1.
        constant: The higher, the less the first ranks stand out.
    """
    vector, text = _once(vector), _once(text)
    scores: dict[uuid.UUID, float] = {}
    for candidates, share in ((vector, weight), (text, 1 - weight)):
        for rank, candidate in enumerate(candidates, start=1):
            scores[candidate.chunk_id] = scores.get(candidate.chunk_id, 0.0) + share / (constant + rank)
    return _joined(vector, text, scores)


def _once(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Each chunk at its best rank: a table that is being written to can hold a row twice."""
    found: dict[uuid.UUID, Candidate] = {}
    for candidate in candidates:
        found.setdefault(candidate.chunk_id, candidate)
    return list(found.values())


def _shares(candidates: Sequence[Candidate]) -> dict[uuid.UUID, float]:
    best = max((candidate.score for candidate in candidates), default=0.0)
    return {c.chunk_id: max(c.score, 0.0) / best if best > 0 else 0.0 for c in candidates}


def _joined(vector: Sequence[Candidate], text: Sequence[Candidate], scores: dict[uuid.UUID, float]) -> list[Fused]:
    in_vector = {c.chunk_id: (c.score, rank) for rank, c in enumerate(vector, start=1)}
    in_text = {c.chunk_id: (c.score, rank) for rank, c in enumerate(text, start=1)}
    ordered = sorted(scores, key=lambda key: (-scores[key], key))
    return [
        Fused(key, scores[key], *in_vector.get(key, (None, None)), *in_text.get(key, (None, None))) for key in ordered
    ]
