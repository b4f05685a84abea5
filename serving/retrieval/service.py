"""From a question to passages: both searches at once, one list, the read gate, refinement."""

import json
import time
import uuid
from collections.abc import Sequence

from anyio import to_thread
from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts.principal import Actor
from serving.context import ServingContext
from serving.retrieval import fusion, ranking, repository
from serving.retrieval.errors import RerankerUnavailableError, UnknownIndexVersionError, UnknownKnowledgeBaseError
from serving.retrieval.expansion import contexts
from serving.retrieval.fusion import Fused
from serving.retrieval.passage import Retrieval, RetrievedPassage, Scores
from serving.retrieval.query import cleaned, prepare
from serving.retrieval.ranking import Found
from serving.retrieval.schemas import SearchCreate
from serving.retrieval.searches import Request, Searched, search_both
from serving.retrieval.settings import RetrievalOverrides, RetrievalSettings
from serving.retrieval.weights import vector_weight
from storage.postgres.session import AnyRow, async_organization_session
from storage.postgres.visibility import reads_everything
from storage.records.vector import Vector, vector_from_bytes

MOST_CANDIDATES = 4000
MOST_FILTERED_VERSIONS = 50_000
_OVERFETCH = 3
_FEWEST_GATED = 30
_REFINED = 120  # candidates that boosts, age, diversity and a reranker see


async def retrieve(
    context: ServingContext,
    organization_id: uuid.UUID,
    query: str,
    *,
    knowledge_base_ids: Sequence[uuid.UUID],
    settings: RetrievalSettings,
    index_version_id: uuid.UUID | None = None,
) -> Retrieval:
    """Passages for a question, best first, from the live index version or, for a comparison, from another one.

    Holds a database connection only for its short lookups, not while embedding or searching.

    Args:
        context: The process's stores and models.
        organization_id: Whose documents.
        query: The question as typed.
        knowledge_base_ids: Which knowledge bases are read; none gives no passages.
        settings: How passages are found.
        index_version_id: Another index version than the live one.

    Raises:
        QueryInvalidError: The question is empty or too long.
        IndexBrokenError: The vector table is missing or unreadable (the reconciler rebuilds it).
        EmbeddingMismatchError: The model that is here is not the one that the index was built with.
        EmbeddingModelUnavailableError: The index's model is not here, or cannot be loaded.
        RerankerUnavailableError: A reranker is asked for, and none is configured.
    """
    started = time.perf_counter()
    question = cleaned(query)
    if settings.reranks and context.reranker is None:
        raise RerankerUnavailableError
    async with async_organization_session(context.engine, organization_id) as session:
        index = await repository.find_index(session, index_version_id)
        if index is None or not knowledge_base_ids:
            return Retrieval((), index.id if index else None, settings)
        corpus = await context.corpora.of(session, organization_id, knowledge_base_ids)
        is_restricted = not reads_everything() and await repository.hides_documents(session)
        versions: tuple[uuid.UUID, ...] | None = None
        if settings.filter is not None and not settings.filter.is_empty:
            passing = await repository.passing_versions(
                session, knowledge_base_ids, settings.filter, limit=MOST_FILTERED_VERSIONS + 1
            )
            # More than that are no help to the searches; the gate filters all the same.
            versions = tuple(passing) if len(passing) <= MOST_FILTERED_VERSIONS else None
    prepared = await to_thread.run_sync(prepare, question, corpus)
    request = Request(
        organization_id, prepared, tuple(knowledge_base_ids), settings, index, versions, is_restricted=is_restricted
    )
    weight = settings.vector_weight
    if weight is None:
        weight = vector_weight(prepared.language, corpus, is_unspaced=prepared.is_unspaced, model=index.embedding_model)
    latencies = {"plan": _ms(started)}
    return await _find(context, request, weight, latencies)


async def search(context: ServingContext, actor: Actor, body: SearchCreate) -> Retrieval:
    """Passages for somebody who searches, from the knowledge bases that they name or from all.

    Raises:
        UnknownKnowledgeBaseError: One of them is unknown here.
        UnknownIndexVersionError: The index version is unknown here.
        ApiError: As `retrieve` raises.
    """
    async with async_organization_session(context.engine, actor.organization_id) as session:
        bases = await repository.readable_knowledge_bases(session, body.knowledge_base_ids)
        missing = set(body.knowledge_base_ids or ()) - set(bases)
        if missing:
            raise UnknownKnowledgeBaseError(f"Unknown knowledge base: {min(missing)}")
        if body.index_version_id and await repository.find_index(session, body.index_version_id) is None:
            raise UnknownIndexVersionError(f"Unknown index version: {body.index_version_id}")
        settings = await settings_of(session, bases, body.settings)
    return await retrieve(
        context,
        actor.organization_id,
        body.query,
        knowledge_base_ids=bases,
        settings=settings.model_copy(update={"limit": body.limit, "filter": body.filter}),
        index_version_id=body.index_version_id,
    )


async def settings_of(
    session: AsyncSession, knowledge_base_ids: Sequence[uuid.UUID], overrides: RetrievalOverrides | None = None
) -> RetrievalSettings:
    """The settings for a question to these knowledge bases: what they say, then what the bot or the request says.

    Where knowledge bases that are read together disagree about a setting, its default counts.
    """
    said = await repository.knowledge_base_settings(session, knowledge_base_ids) if knowledge_base_ids else ()
    values: dict[str, set[str]] = {}
    for one in said:
        for name, value in one.items():
            values.setdefault(name, set()).add(json.dumps(value, sort_keys=True))
    agreed = {name: json.loads(next(iter(found))) for name, found in values.items() if len(found) == 1}
    return RetrievalSettings().changed_by(RetrievalOverrides.model_validate(agreed), *filter(None, [overrides]))


async def _find(context: ServingContext, request: Request, weight: float, latencies: dict[str, float]) -> Retrieval:
    settings = request.settings
    depth = max(settings.candidates, settings.limit)
    began = time.perf_counter()
    while True:
        searched = await search_both(context, request, depth)
        await _withhold(context, request, searched)
        fused = _fused(searched, settings, weight, depth)
        started = time.perf_counter()
        found, dropped = await _gated(context, request, fused, searched.vector)
        gated = time.perf_counter()
        kept = await _refined(context, request, found)
        latencies |= searched.latencies_ms | {"gate": (gated - started) * 1000, "refine": _ms(gated)}
        # Too few, and the searches have more to give: the gate or the refinement kept back what they put forward.
        if len(kept) >= settings.limit or not searched.has_more or depth >= MOST_CANDIDATES:
            break
        depth = min(depth * 4, MOST_CANDIDATES)
    latencies["search"] = _ms(began) - latencies.get("embed", 0.0)
    texts: dict[uuid.UUID, str] = {}
    if settings.neighbours or settings.reads_parents:
        async with async_organization_session(context.engine, request.organization_id) as session:
            texts = await contexts(session, kept, settings)
    passages = tuple(_passage(rank, one, texts.get(one.row.Chunk.id)) for rank, one in enumerate(kept, start=1))
    share = weight if settings.mode == "hybrid" else None
    vector = searched.vector if request.index.model_source is None else None
    return Retrieval(passages, request.index.id, settings, latencies, share, dropped, vector)


async def _withhold(context: ServingContext, request: Request, searched: Searched) -> None:
    """Forget candidates of documents that whoever asks may not read, before anything is counted or ranked.

    The gate would keep them back all the same; but ranks and counts that leave room for them would tell of them.
    """
    if not request.is_restricted:
        return
    found = {one.chunk_id for one in (*searched.by_vector, *searched.by_text)}
    async with async_organization_session(context.engine, request.organization_id) as session:
        visible = await repository.visible_chunks(session, found)
    searched.by_vector = [one for one in searched.by_vector if one.chunk_id in visible]
    searched.by_text = [one for one in searched.by_text if one.chunk_id in visible]


def _fused(searched: Searched, settings: RetrievalSettings, weight: float, depth: int) -> list[Fused]:
    if settings.mode == "vector":
        return fusion.single(searched.by_vector, is_text=False)
    if settings.mode == "text":
        return fusion.single(searched.by_text, is_text=True)
    if settings.fusion == "convex":
        return fusion.convex(searched.by_vector, searched.by_text, weight=weight, depth=depth)
    return fusion.reciprocal_rank(searched.by_vector, searched.by_text, weight=weight, constant=settings.rank_constant)


async def _gated(
    context: ServingContext, request: Request, fused: Sequence[Fused], vector: Vector
) -> tuple[list[Found], int]:
    """The first candidates that may be read, at least as many as are wanted if there are so many; and how many may not."""
    settings = request.settings
    is_refined = bool(settings.boosts or settings.decay or settings.diversity or settings.reranks)
    size = max(settings.limit * _OVERFETCH, _REFINED if is_refined else _FEWEST_GATED)
    found: list[Found] = []
    dropped = 0
    async with async_organization_session(context.engine, request.organization_id) as session:
        for at in range(0, len(fused), size):
            batch = fused[at : at + size]
            rows = await repository.readable_chunks(
                session,
                [one.chunk_id for one in batch],
                request.knowledge_base_ids,
                index=request.index,
                wanted=settings.filter,
                boosts=[boost.filter for boost in settings.boosts],
            )
            dropped += len(batch) - len(rows)
            found += [
                _found(one, at + number, rows[one.chunk_id], vector)
                for number, one in enumerate(batch, start=1)
                if one.chunk_id in rows
            ]
            if len(ranking.chosen(found, settings.model_copy(update={"diversity": 0.0}))) >= settings.limit:
                break
    return found, dropped


def _found(one: Fused, rank: int, row: AnyRow, question: Vector) -> Found:
    vector = vector_from_bytes(row.vector) if row.vector is not None else None
    similarity = one.vector
    if similarity is None:
        similarity = float(vector @ question) if vector is not None else 0.0
    return Found(one, rank, row, vector, similarity, one.score)


async def _refined(context: ServingContext, request: Request, found: Sequence[Found]) -> list[Found]:
    settings = request.settings
    if settings.reranks and context.reranker is not None:
        texts = [one.row.Chunk.text for one in found]
        scores = await to_thread.run_sync(context.reranker.score, request.query.text, texts)
        found = ranking.rescored(found, scores)
    if settings.boosts or settings.decay:
        found = ranking.weighted(found, settings)
    return ranking.chosen(found, settings)


def _passage(rank: int, one: Found, context: str | None) -> RetrievedPassage:
    chunk, fused = one.row.Chunk, one.fused
    return RetrievedPassage(
        rank=rank,
        score=one.score,
        similarity=one.similarity,
        scores=Scores(
            similarity=one.similarity,
            vector=fused.vector,
            vector_rank=fused.vector_rank,
            text=fused.text,
            text_rank=fused.text_rank,
            fused=fused.score,
            fused_rank=one.fused_rank,
            reranker=one.reranker,
        ),
        chunk_id=chunk.id,
        document_id=chunk.document_id,
        document_version_id=chunk.document_version_id,
        knowledge_base_id=one.row.knowledge_base_id,
        document_name=one.row.name,
        text=chunk.text,
        text_hash=chunk.text_hash,
        heading_path=tuple(chunk.heading_path),
        page_start=chunk.page_start,
        page_end=chunk.page_end,
        boxes=chunk.boxes,
        char_start=chunk.char_start,
        char_end=chunk.char_end,
        context=context,
    )


def _ms(since: float) -> float:
    return (time.perf_counter() - since) * 1000
