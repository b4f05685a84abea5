"""Engines: pools of connections, one per role."""

import time

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from storage.postgres.urls import database_urls
from storage.settings import StorageSettings

CONNECT_TIMEOUT_S = 5
_IDLE_SINCE = "pixel_idle_since"
_TRUSTED_FOR_S = 2.0

# Parameters of a failed statement would carry text of documents into logs.
_POOL = {"pool_pre_ping": True, "pool_recycle": 1800, "pool_timeout": 10, "hide_parameters": True}


def _arguments(name: str) -> dict[str, object]:
    return {"connect_timeout": CONNECT_TIMEOUT_S, "application_name": f"pixel-{name}"}


def _engine(url: URL, name: str, size: int) -> Engine:
    return create_engine(url, pool_size=size, max_overflow=size, connect_args=_arguments(name), **_POOL)


def owner_engine(settings: StorageSettings) -> Engine:
    """Engine of the owner: migrations, leases over all organizations, reconciling. Never for a request."""
    return _engine(database_urls(settings).owner, "owner", 4)


def app_engine(settings: StorageSettings) -> Engine:
    """Engine of the application's role, under forced row-level security."""
    return _engine(database_urls(settings).app, "app", 8)


def app_async_engine(settings: StorageSettings) -> AsyncEngine:
    """Asynchronous engine of the application's role, for the API.

    At most 16 connections, however many requests run: a request waits for one, and no stream holds one. A transaction is
    begun by the sessions of `storage.postgres.session`; a statement outside of one is a transaction of its own.
    """
    engine = create_async_engine(
        database_urls(settings).app,
        isolation_level="AUTOCOMMIT",
        pool_size=8,
        max_overflow=8,
        connect_args=_arguments("api"),
        **_POOL | {"pool_pre_ping": False},
    )
    _ping_when_idle(engine)
    return engine


def _ping_when_idle(engine: AsyncEngine) -> None:
    """Ask a connection whether it lives only when it was idle for a while: an answer takes several connections.

    A connection that is dead takes the idle rest of the pool with it, so that after a restart of the database the next
    request has a fresh one.
    """

    @event.listens_for(engine.sync_engine, "checkin")
    def _came_back(connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
        record.info[_IDLE_SINCE] = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def _goes_out(connection: DBAPIConnection, record: ConnectionPoolEntry, _: PoolProxiedConnection) -> None:
        idle_since = record.info.get(_IDLE_SINCE)
        if idle_since is None or time.monotonic() - idle_since < _TRUSTED_FOR_S:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.dbapi.Error as error:  # type: ignore[union-attr]
            raise InvalidatePoolError("the connection was closed by the database") from error
