"""Carries news between processes over Postgres: one connection of a process listens, whatever the number of open pages."""

import asyncio
import uuid
from collections.abc import Callable

import psycopg
import structlog
from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import AsyncEngine

from serving.conversations.live.hub import LiveHub
from serving.errors import DATABASE_ERRORS
from storage.erasure.announcing import CHANNEL as ERASURES
from storage.postgres.engine import CONNECT_TIMEOUT_S

CHANNEL = "pixel_conversations"
_LISTEN = f"LISTEN {CHANNEL}; LISTEN {ERASURES}"
_NOTIFY = text("SELECT pg_notify(:channel, news) FROM unnest(cast(:news AS text[])) AS news")
_AGAIN_AFTER_S = 5.0
_COLLECTED_S = 0.05

log = structlog.get_logger(__name__)


async def listen(engine: AsyncEngine, hub: LiveHub, forget: Callable[[uuid.UUID | None], object]) -> None:
    """Hear news of other processes, for ever; an outage of the database is waited out.

    Args:
        engine: Says where the database is.
        hub: The watchers of this process.
        forget: Told the organization of which something is erased; None when any may have been, since news were missed.
    """
    address = _libpq(engine.url)
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(
                address, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S, application_name="pixel-api-listener"
            ) as connection:
                await connection.execute(_LISTEN)
                hub.wake_all()
                forget(None)
                async for news in connection.notifies():
                    if news.channel == ERASURES:
                        forget(_organization(news.payload))
                    else:
                        hub.hear(news.payload)
        except psycopg.Error as error:
            log.warning("live_listener_waits", error=type(error).__name__)
        await asyncio.sleep(_AGAIN_AFTER_S)


async def tell(engine: AsyncEngine, hub: LiveHub) -> None:
    """Tell news to other processes, for ever, in batches; what cannot be told is dropped: readers look by themselves, answers end by themselves."""
    while True:
        await hub.has_untold()
        # Under load there is more by then, and all of it is one statement.
        await asyncio.sleep(_COLLECTED_S)
        news = await hub.untold()
        try:
            async with engine.connect() as connection:
                await connection.execute(_NOTIFY, {"channel": CHANNEL, "news": news})
        except DATABASE_ERRORS as error:
            log.warning("live_news_dropped", error=type(error).__name__, count=len(news))
            await asyncio.sleep(_AGAIN_AFTER_S)


def _organization(payload: str) -> uuid.UUID | None:
    """Whose erasure it is; None, everybody's, when that cannot be read."""
    try:
        return uuid.UUID(payload)
    except ValueError:
        log.warning("erasure_news_unreadable", characters=len(payload))
        return None


def _libpq(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
