"""Answers that nobody writes any more: the API was ended by force, or the database was away when one was given up."""

import asyncio
from datetime import timedelta

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from serving.errors import DATABASE_ERRORS
from storage.postgres.session import async_identity_session

log = structlog.get_logger(__name__)

# Far longer than an answer takes, so that one which another process still writes is left alone.
ABANDONED_AFTER = timedelta(minutes=5)
_SWEEP_EVERY_S = 60.0
_SWEEP = text("SELECT fail_interrupted_messages(:age)")


async def sweep(engine: AsyncEngine) -> int:
    """Mark abandoned answers of every organization as failed with the type `Interrupted`; how many there were."""
    async with async_identity_session(engine) as session:
        count: int = await session.scalar(_SWEEP, {"age": ABANDONED_AFTER}) or 0
    if count:
        log.warning("answers_interrupted", count=count)
    return count


async def sweep_forever(engine: AsyncEngine) -> None:
    """Sweep now and then every minute; an outage of the database is waited out."""
    while True:
        try:
            await sweep(engine)
        except DATABASE_ERRORS as error:
            log.warning("sweep_waits", error=type(error).__name__)
        await asyncio.sleep(_SWEEP_EVERY_S)
