"""Queries of ingestions."""

import uuid
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from ingestion.ingestions import IngestionProgress, problems_query, progress_of, progress_query
from storage.postgres.models.ingestion import Ingestion


async def progress(session: AsyncSession, ingestion_id: uuid.UUID) -> IngestionProgress | None:
    """How far one ingestion is, with what was not read."""
    row = (await session.execute(progress_query(ingestion_id))).one_or_none()
    if row is None:
        return None
    return progress_of(row, (await session.execute(problems_query(ingestion_id))).all())


async def list_progress(
    session: AsyncSession, *, knowledge_base_id: uuid.UUID | None, limit: int, offset: int
) -> Sequence[IngestionProgress]:
    """How far ingestions are, newest first."""
    query = progress_query().limit(limit).offset(offset)
    if knowledge_base_id is not None:
        query = query.where(Ingestion.knowledge_base_id == knowledge_base_id)
    return [progress_of(row) for row in await session.execute(query)]
