"""Loads the models of index versions before the first question needs them, so that a promotion stalls nobody."""

import asyncio

import structlog
from anyio import to_thread
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from ingestion.embedding.registry import embedder_for
from ingestion.errors import ModelUnavailableError
from serving.errors import DATABASE_ERRORS
from storage.postgres.session import async_identity_session

log = structlog.get_logger(__name__)

_LOOK_EVERY_S = 5.0
# Across organizations the API may know which models there are, and nothing else of their indexes.
_MODELS = text("SELECT embedding_model, model_source FROM index_models() WHERE model_source IS NOT NULL")


async def prewarm(engine: AsyncEngine, known: set[str]) -> set[str]:
    """Load the models that are not among the known ones; return all that were tried.

    One that cannot be loaded is logged once: a question to its index says what is wrong.
    """
    async with async_identity_session(engine) as session:
        rows = (await session.execute(_MODELS)).all()
    for row in rows:
        if row.embedding_model in known:
            continue
        try:
            await to_thread.run_sync(_load, row.model_source)
            log.info("embedding_model_ready", model=row.embedding_model)
        except ModelUnavailableError as error:
            log.warning("embedding_model_unavailable", model=row.embedding_model, reason=str(error))
    return known | {row.embedding_model for row in rows}


async def prewarm_forever(engine: AsyncEngine) -> None:
    """Prewarm now and every few seconds; an outage of the database is waited out."""
    known: set[str] = set()
    while True:
        try:
            known = await prewarm(engine, known)
        except DATABASE_ERRORS as error:
            log.warning("prewarm_waits", error=type(error).__name__)
        await asyncio.sleep(_LOOK_EVERY_S)


def _load(source: str) -> None:
    embedder_for(source).embed_queries(["warm up"])
