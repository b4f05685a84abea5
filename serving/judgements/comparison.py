"""Two ways of searching, asked the same labelled questions."""

import statistics
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from anyio import to_thread

from serving.accounts.principal import Actor
from serving.context import ServingContext
from serving.judgements import repository
from serving.judgements.errors import NothingJudgedError
from serving.judgements.judged import JudgedQuery, gains_of, judged_queries
from serving.judgements.paired import paired_difference
from serving.judgements.ranking import ndcg_at, recall_at
from serving.judgements.schemas import (
    MOST_QUERIES,
    ComparedQuery,
    ComparisonCreate,
    ComparisonOut,
    Estimate,
    Setup,
    SideOut,
)
from serving.retrieval import repository as indexes
from serving.retrieval.errors import UnknownIndexVersionError
from serving.retrieval.service import retrieve, settings_of
from serving.retrieval.settings import RetrievalSettings
from storage.postgres.session import async_organization_session


@dataclass(frozen=True)
class _Scored:
    """What one question got in one way."""

    ndcg: float
    recall: float
    milliseconds: float


async def compare(context: ServingContext, actor: Actor, body: ComparisonCreate) -> ComparisonOut:
    """Ask the labelled questions that the actor may read both ways, at most `MOST_QUERIES` of them.

    Raises:
        NothingJudgedError: There is no question with something that is right.
        UnknownIndexVersionError: An index version is unknown here.
        ApiError: As `retrieve` raises.
    """
    async with async_organization_session(context.engine, actor.organization_id) as session:
        for setup in (body.left, body.right):
            named = setup.index_version_id
            if named is not None and await indexes.find_index(session, named) is None:
                raise UnknownIndexVersionError(f"Unknown index version: {named}")
        queries = judged_queries(await repository.labels(session, body.knowledge_base_id))
    if not queries:
        raise NothingJudgedError
    asked = queries[:MOST_QUERIES]
    left = await _scored(context, actor.organization_id, asked, body.left, depth=body.depth)
    right = await _scored(context, actor.organization_id, asked, body.right, depth=body.depth)
    return await to_thread.run_sync(_compared, asked, left, right, len(queries) > len(asked))


async def _scored(
    context: ServingContext, organization_id: uuid.UUID, queries: Sequence[JudgedQuery], setup: Setup, *, depth: int
) -> list[_Scored]:
    settings: dict[uuid.UUID, RetrievalSettings] = {}
    async with async_organization_session(context.engine, organization_id) as session:
        for base in {query.knowledge_base_id for query in queries}:
            said = await settings_of(session, [base], setup.settings)
            settings[base] = said.model_copy(update={"limit": depth})
    found = []
    for query in queries:
        started = time.perf_counter()
        retrieval = await retrieve(
            context,
            organization_id,
            query.query,
            knowledge_base_ids=[query.knowledge_base_id],
            settings=settings[query.knowledge_base_id],
            index_version_id=setup.index_version_id,
        )
        milliseconds = (time.perf_counter() - started) * 1000
        gains, ideal = gains_of(query, retrieval.passages), [float(place.relevance) for place in query.places]
        found.append(_Scored(ndcg_at(gains, ideal, depth), recall_at(gains, ideal, depth), milliseconds))
    return found


def _compared(
    queries: Sequence[JudgedQuery], left: Sequence[_Scored], right: Sequence[_Scored], is_cut: bool
) -> ComparisonOut:
    return ComparisonOut(
        count=len(queries),
        is_cut=is_cut,
        left=_side(left),
        right=_side(right),
        ndcg_difference=_estimate([one.ndcg for one in right], [one.ndcg for one in left]),
        recall_difference=_estimate([one.recall for one in right], [one.recall for one in left]),
        queries=[
            ComparedQuery(
                query=query.query,
                knowledge_base_id=query.knowledge_base_id,
                left_ndcg=round(before.ndcg, 4),
                right_ndcg=round(after.ndcg, 4),
            )
            for query, before, after in zip(queries, left, right, strict=True)
        ],
    )


def _side(scored: Sequence[_Scored]) -> SideOut:
    nothing = [0.0] * len(scored)
    return SideOut(
        ndcg=_estimate([one.ndcg for one in scored], nothing),
        recall=_estimate([one.recall for one in scored], nothing),
        median_ms=round(statistics.median(one.milliseconds for one in scored), 1),
    )


def _estimate(scores: Sequence[float], against: Sequence[float]) -> Estimate:
    found = paired_difference(scores, against)
    return Estimate(value=round(found.difference or 0.0, 4), low=round(found.low, 4), high=round(found.high, 4))
