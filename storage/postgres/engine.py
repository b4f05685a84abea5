"""Engines: pools of connections, one per role."""

from sqlalchemy import URL, Engine, create_engine
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from storage.postgres.urls import database_urls
from storage.settings import StorageSettings

CONNECT_TIMEOUT_S = 5

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

    At most 16 connections, however many requests run: a request waits for one, and no stream holds one.
    """
    return create_async_engine(
        database_urls(settings).app, pool_size=8, max_overflow=8, connect_args=_arguments("api"), **_POOL
    )
