"""Vector search over the live index version, then the read gate, with over-fetch and refill."""

import time
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from anyio import to_thread

from serving.context import ServingContext
from serving.retrieval import repository
from serving.retrieval.errors import EmbeddingMismatchError, IndexBrokenError
from serving.retrieval.index_model import embed_question
from serving.retrieval.passage import Retrieval, RetrievalSettings, RetrievedPassage
from storage.errors import IndexMismatchError, IndexUnavailableError
from storage.postgres.models.index_version import IndexVersion
from storage.postgres.session import AnyRow, async_organization_session

if TYPE_CHECKING:
    from storage.records.vector import Candidate

MAX_CANDIDATES = 2000


async def retrieve(
    context: ServingContext,
    organization_id: uuid.UUID,
    query: str,
    *,
    knowledge_base_ids: Sequence[uuid.UUID],
    settings: RetrievalSettings,
    index_version_id: uuid.UUID | None = None,
) -> Retrieval:
    """Passages for a query, best first, from the live index version or, for a comparison, from another one.

    Holds a database connection only for its two short lookups, not while embedding or scanning.

    Raises:
        IndexBrokenError: The vector table is missing or unreadable (the reconciler rebuilds it).
        EmbeddingMismatchError: The model that is here is not the one that the index was built with.
        EmbeddingModelUnavailableError: The index's model is not here, or cannot be loaded.
    """
    async with async_organization_session(context.engine, organization_id) as session:
        index = await repository.find_index(session, index_version_id)
    if index is None or not knowledge_base_ids:
        return Retrieval((), index.id if index else None, settings, {})
    started = time.perf_counter()
    vector = await embed_question(index, query)
    embedded = time.perf_counter()
    passages = await _gated(context, organization_id, index, vector, knowledge_base_ids, settings)
    done = time.perf_counter()
    latencies = {"embed": (embedded - started) * 1000, "search": (done - embedded) * 1000}
    return Retrieval(passages, index.id, settings, latencies)


async def _gated(
    context: ServingContext,
    organization_id: uuid.UUID,
    index: IndexVersion,
    vector: Any,
    knowledge_base_ids: Sequence[uuid.UUID],
    settings: RetrievalSettings,
) -> tuple[RetrievedPassage, ...]:
    wanted = settings.limit * settings.overfetch
    while True:
        candidates = await _search(context, index, vector, wanted, knowledge_base_ids)
        async with async_organization_session(context.engine, organization_id) as session:
            rows = await repository.readable_chunks(
                session, [c.chunk_id for c in candidates], knowledge_base_ids, chunking=index.chunker
            )
        kept = [candidate for candidate in candidates if candidate.chunk_id in rows]
        if len(kept) >= settings.limit or len(candidates) < wanted or wanted >= MAX_CANDIDATES:
            top = kept[: settings.limit]
            return tuple(_passage(n, c.score, rows[c.chunk_id]) for n, c in enumerate(top, start=1))
        # The gate dropped so many that too few are left: ask for more.
        wanted = min(wanted * 4, MAX_CANDIDATES)


async def _search(
    context: ServingContext, index: IndexVersion, vector: Any, limit: int, knowledge_base_ids: Sequence[uuid.UUID]
) -> "list[Candidate]":
    def scan() -> "list[Candidate]":
        return context.vectors.search(
            index.table_name, vector, limit=limit, knowledge_base_ids=list(knowledge_base_ids)
        )

    try:
        found = await to_thread.run_sync(scan)
    except IndexUnavailableError as error:
        raise IndexBrokenError from error
    except IndexMismatchError as error:
        raise EmbeddingMismatchError(str(error)) from error
    # A damaged table can hold a row twice; a passage is shown once.
    unique: dict[uuid.UUID, Candidate] = {}
    for candidate in found:
        unique.setdefault(candidate.chunk_id, candidate)
    return list(unique.values())


def _passage(rank: int, score: float, row: AnyRow) -> RetrievedPassage:
    chunk = row.Chunk
    return RetrievedPassage(
        rank=rank,
        score=score,
        chunk_id=chunk.id,
        document_id=chunk.document_id,
        document_version_id=chunk.document_version_id,
        knowledge_base_id=row.knowledge_base_id,
        document_name=row.name,
        text=chunk.text,
        text_hash=chunk.text_hash,
        heading_path=tuple(chunk.heading_path),
        page_start=chunk.page_start,
        page_end=chunk.page_end,
        boxes=chunk.boxes,
        char_start=chunk.char_start,
        char_end=chunk.char_end,
    )
