"""Ingestions: begin, watch, cancel, resume."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Sequence

from anyio import to_thread
from fastapi.sse import format_sse_event
from sqlalchemy.ext.asyncio import AsyncSession

from ingestion import ingestions
from ingestion.ingestions import IngestionProgress
from serving.accounts.audit import record
from serving.accounts.principal import Actor
from serving.context import ServingContext
from serving.ingestions import repository
from serving.ingestions.schemas import IngestionCreate
from serving.knowledge.bases import get_knowledge_base
from serving.knowledge.errors import IngestionNotFoundError
from storage.postgres.models.ingestion import Ingestion
from storage.postgres.session import async_organization_session

_LOOK_EVERY_S = 0.5
_HEARTBEAT_S = 15.0
_LONGEST_STREAM_S = 3600.0


async def start(session: AsyncSession, actor: Actor, body: IngestionCreate) -> IngestionProgress:
    """Begin an ingestion."""
    await get_knowledge_base(session, body.knowledge_base_id)
    row = Ingestion(organization_id=actor.organization_id, created_by=actor.user_id, **body.model_dump())
    session.add(row)
    await session.flush()
    return await get(session, row.id)


async def get(session: AsyncSession, ingestion_id: uuid.UUID) -> IngestionProgress:
    """How far an ingestion is."""
    found = await repository.progress(session, ingestion_id)
    if found is None:
        raise IngestionNotFoundError
    return found


async def list_ingestions(
    session: AsyncSession, *, knowledge_base_id: uuid.UUID | None, limit: int, offset: int
) -> Sequence[IngestionProgress]:
    """Ingestions, newest first."""
    return await repository.list_progress(session, knowledge_base_id=knowledge_base_id, limit=limit, offset=offset)


async def cancel(context: ServingContext, actor: Actor, ingestion_id: uuid.UUID) -> IngestionProgress:
    """Stop reading what is not read yet."""
    return await _decide(context, actor, ingestion_id, is_cancelled=True)


async def resume(context: ServingContext, actor: Actor, ingestion_id: uuid.UUID) -> IngestionProgress:
    """Read what was cancelled after all."""
    return await _decide(context, actor, ingestion_id, is_cancelled=False)


async def _decide(
    context: ServingContext, actor: Actor, ingestion_id: uuid.UUID, *, is_cancelled: bool
) -> IngestionProgress:
    act = ingestions.cancel_ingestion if is_cancelled else ingestions.resume_ingestion
    try:
        count = await to_thread.run_sync(act, context.stores, actor.organization_id, ingestion_id)
    except ingestions.IngestionNotFoundError as error:
        raise IngestionNotFoundError from error
    async with async_organization_session(context.engine, actor.organization_id) as session:
        record(
            session,
            actor,
            "ingestion.cancelled" if is_cancelled else "ingestion.resumed",
            subject_type="ingestion",
            subject_id=ingestion_id,
            details={"documents": count},
        )
        return await get(session, ingestion_id)


async def watch(context: ServingContext, actor: Actor, ingestion_id: uuid.UUID) -> AsyncIterator[IngestionProgress]:
    """Progress whenever it changes, until the ingestion has ended. No connection is held in between.

    Raises:
        IngestionNotFoundError: Unknown here; raised before the first progress.
    """
    last: IngestionProgress | None = None
    while True:
        async with async_organization_session(context.engine, actor.organization_id) as session:
            now = await get(session, ingestion_id)
        if last is None or _without_clock(now) != _without_clock(last):
            last = now
            yield now
        if now.state != "running":
            return
        await asyncio.sleep(_LOOK_EVERY_S)


async def events(first: IngestionProgress, following: AsyncIterator[IngestionProgress]) -> AsyncIterator[bytes]:
    """Server-sent events: `ingestion.progress`, and `ingestion.ended` as the last; comments keep the line open."""
    number, started = 1, time.monotonic()
    yield _event(first, number)
    upcoming = asyncio.ensure_future(anext(following, None))
    try:
        while time.monotonic() - started < _LONGEST_STREAM_S:
            done, _ = await asyncio.wait({upcoming}, timeout=_HEARTBEAT_S)
            if not done:
                yield b": still here\n\n"
                continue
            progress = upcoming.result()
            if progress is None:
                return
            number += 1
            yield _event(progress, number)
            upcoming = asyncio.ensure_future(anext(following, None))
    finally:
        upcoming.cancel()


def _event(progress: IngestionProgress, number: int) -> bytes:
    name = "ingestion.progress" if progress.state == "running" else "ingestion.ended"
    return format_sse_event(data_str=progress.model_dump_json(), event=name, id=str(number))


def _without_clock(progress: IngestionProgress) -> IngestionProgress:
    return progress.model_copy(update={"seconds": 0.0, "seconds_left": None})
