"""The two searches of a question, side by side: by meaning and by words."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import anyio
import numpy as np
from anyio import to_thread

from serving.context import ServingContext
from serving.retrieval.errors import EmbeddingMismatchError, IndexBrokenError
from serving.retrieval.index_model import embed_question
from serving.retrieval.query import Query
from serving.retrieval.settings import RetrievalSettings
from storage.errors import IndexMismatchError, IndexUnavailableError
from storage.lance.text_index import MOST_IDS_IN_FILTER
from storage.postgres.models.index_version import IndexVersion
from storage.records.vector import Candidate, Vector

Result = TypeVar("Result")


@dataclass(frozen=True)
class Request:
    """One question with everything that decides what may be found for it.

    `version_ids` are the document versions that pass the filter; None where there is no filter, or too many pass it.
    `is_restricted`: the organization has documents that whoever asks may not read.
    """

    organization_id: uuid.UUID
    query: Query
    knowledge_base_ids: tuple[uuid.UUID, ...]
    settings: RetrievalSettings
    index: IndexVersion
    version_ids: tuple[uuid.UUID, ...] | None = None
    is_restricted: bool = False


@dataclass
class Searched:
    """Candidates of each search, best first; whether one of them had more to give; the question's vector."""

    vector: Vector = field(default_factory=lambda: np.zeros(0, np.float32))
    by_vector: list[Candidate] = field(default_factory=list)
    by_text: list[Candidate] = field(default_factory=list)
    has_more: bool = False
    latencies_ms: dict[str, float] = field(default_factory=dict)


async def search_both(context: ServingContext, request: Request, depth: int) -> Searched:
    """Run what the mode asks for, each in a thread of its own.

    Args:
        context: The process's stores and models.
        request: The question.
        depth: How many candidates each search may put forward.

    Raises:
        IndexBrokenError: The vector table is missing or unreadable.
        EmbeddingMismatchError: The table holds vectors of another model or dimension.
    """
    found = Searched()
    mode = request.settings.mode
    try:
        async with anyio.create_task_group() as tasks:
            if mode != "vector":
                tasks.start_soon(_by_text, context, request, depth, found)
            await _embed(request, found)
            if mode != "text":
                await _by_vector(context, request, depth, found)
    except ExceptionGroup as group:
        raise group.exceptions[0] from group
    return found


async def _embed(request: Request, found: Searched) -> None:
    started = time.perf_counter()
    found.vector = await embed_question(request.index, request.query.text)
    found.latencies_ms["embed"] = _ms(started)


async def _by_vector(context: ServingContext, request: Request, depth: int, found: Searched) -> None:
    started = time.perf_counter()
    found.by_vector = await _in_thread(
        lambda: context.vectors.search(
            request.index.table_name,
            found.vector,
            limit=depth,
            knowledge_base_ids=request.knowledge_base_ids,
            document_version_ids=request.version_ids,
        )
    )
    found.has_more |= len(found.by_vector) >= depth
    found.latencies_ms["vector"] = _ms(started)


async def _by_text(context: ServingContext, request: Request, depth: int, found: Searched) -> None:
    started = time.perf_counter()
    # A long list of ids makes the filter slower than the search; the gate filters then.
    versions = request.version_ids
    if versions is not None and len(versions) > MOST_IDS_IN_FILTER:
        versions = None
    found.by_text = await _in_thread(
        lambda: context.vectors.search_text(
            request.index.table_name,
            request.query.terms,
            limit=depth,
            knowledge_base_ids=request.knowledge_base_ids,
            document_version_ids=versions,
        )
    )
    found.has_more |= len(found.by_text) >= depth
    found.latencies_ms["text"] = _ms(started)


async def _in_thread(action: Callable[[], Result]) -> Result:
    try:
        return await to_thread.run_sync(action)
    except IndexUnavailableError as error:
        raise IndexBrokenError from error
    except IndexMismatchError as error:
        raise EmbeddingMismatchError(str(error)) from error


def _ms(since: float) -> float:
    return (time.perf_counter() - since) * 1000
