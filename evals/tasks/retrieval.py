"""Retrieval: does an index version find the right places, at which rank, and how fast?

Data: judged queries as in `evals/datasets/labels.py`, or known items as in `evals/datasets/known_items.py`. Passages are
compared with judged characters, so index versions that cut differently are judged alike.
"""

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from evals.datasets.labels import JudgedQuery
from evals.metrics.ranking import hit_at, ndcg_at, recall_at, reciprocal_rank
from serving.context import ServingContext
from serving.judgements.judged import gains_of as gains_of
from serving.retrieval.service import retrieve
from serving.retrieval.settings import Mode, RetrievalSettings

DEPTH = 10


@dataclass(frozen=True)
class RankedQuery:
    """What one query got: metrics from 0 to 1, and the milliseconds that it took."""

    ndcg: float
    recall: float
    reciprocal_rank: float
    hit: float
    total_ms: float


async def run_retrieval(
    context: ServingContext,
    organization_id: uuid.UUID,
    queries: Sequence[JudgedQuery],
    *,
    index_version_id: uuid.UUID,
    depth: int = DEPTH,
    mode: Mode = "hybrid",
) -> list[RankedQuery]:
    """Ask every query of one index version and score what comes back, in the order of the queries.

    Args:
        context: Serving's context.
        organization_id: Whose index.
        queries: What to ask.
        index_version_id: Which index version.
        depth: Ranks that count.
        mode: By meaning, by words, or both.

    Raises:
        ApiError: The index version could not be asked.
    """
    found = []
    for query in queries:
        started = time.perf_counter()
        retrieval = await retrieve(
            context,
            organization_id,
            query.query,
            knowledge_base_ids=[query.knowledge_base_id],
            settings=RetrievalSettings(limit=depth, mode=mode),
            index_version_id=index_version_id,
        )
        total_ms = (time.perf_counter() - started) * 1000
        gains = gains_of(query, retrieval.passages)
        ideal = [float(place.relevance) for place in query.places]
        found.append(
            RankedQuery(
                ndcg=ndcg_at(gains, ideal, depth),
                recall=recall_at(gains, ideal, depth),
                reciprocal_rank=reciprocal_rank(gains[:depth]),
                hit=hit_at(gains, depth),
                total_ms=total_ms,
            )
        )
    return found
