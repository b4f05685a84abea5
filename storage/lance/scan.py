"""Vector search by Lance itself: exact, whatever the size, and as slow as reading the table."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, cast

import numpy as np

from storage.records.vector import Candidate, Vector

if TYPE_CHECKING:
    from lancedb.query import LanceVectorQueryBuilder
    from lancedb.table import Table


def scan_vectors(table: Table, vector: Vector, *, limit: int, condition: str) -> list[Candidate]:
    """The nearest rows by cosine similarity, best first; equal scores in order of chunk id.

    Args:
        table: The table.
        vector: Query, float32[dimension].
        limit: How many rows at most.
        condition: A filter made by `any_of`; empty for all rows.
    """
    query = cast("LanceVectorQueryBuilder", table.search(vector.astype(np.float32)))
    query = query.distance_type("cosine").bypass_vector_index()
    if condition:
        query = query.where(condition, prefilter=True)
    found = query.select(["chunk_id", "_distance"]).limit(limit).to_arrow()
    ids, distances = found["chunk_id"].to_pylist(), found["_distance"].to_pylist()
    hits = [Candidate(uuid.UUID(i), 1.0 - d) for i, d in zip(ids, distances, strict=True)]
    return sorted(hits, key=lambda hit: (-hit.score, hit.chunk_id))
