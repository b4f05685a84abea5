"""Which answers are being written: each process says so every few seconds; an answer without word is interrupted."""

import asyncio
import uuid
from collections.abc import Callable, Sequence

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from serving.billing.ledger import expire
from serving.conversations.turns import LEASE
from serving.errors import DATABASE_ERRORS
from storage.postgres.session import async_identity_session

log = structlog.get_logger(__name__)

_RENEW_EVERY_S = 5.0
_RENEW = text("SELECT renew_message_leases(:ids, :lease)")
_SWEEP = text("SELECT interrupt_abandoned_messages()")


async def renew(engine: AsyncEngine, message_ids: Sequence[uuid.UUID]) -> None:
    """Say that these answers are still being written."""
    if message_ids:
        async with async_identity_session(engine) as session:
            await session.execute(_RENEW, {"ids": list(message_ids), "lease": LEASE})


async def sweep(engine: AsyncEngine) -> int:
    """Mark answers that no process writes any more, of every organization, as interrupted; how many there were."""
    async with async_identity_session(engine) as session:
        count: int = await session.scalar(_SWEEP) or 0
    if count:
        log.warning("answers_interrupted", count=count)
    return count


async def keep_leases(engine: AsyncEngine, running: Callable[[], Sequence[uuid.UUID]]) -> None:
    """Renew and sweep every few seconds; an outage of the database is waited out."""
    while True:
        try:
            await renew(engine, running())
            await sweep(engine)
            await expire(engine)
        except DATABASE_ERRORS as error:
            log.warning("leases_wait", error=type(error).__name__)
        await asyncio.sleep(_RENEW_EVERY_S)
