"""Queries of sources."""

import uuid
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.postgres.models.job import Job, JobState
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.postgres.models.source import SYNC_JOB, Source


async def sources(session: AsyncSession) -> Sequence[Source]:
    """All sources, by name."""
    return (await session.scalars(select(Source).order_by(Source.name, Source.id))).all()


async def source(session: AsyncSession, source_id: uuid.UUID) -> Source | None:
    """One source, locked until the transaction ends."""
    found: Source | None = await session.scalar(select(Source).where(Source.id == source_id).with_for_update())
    return found


async def has_knowledge_base(session: AsyncSession, knowledge_base_id: uuid.UUID) -> bool:
    """Whether there is such a knowledge base that is not archived."""
    statement = select(KnowledgeBase.id).where(
        KnowledgeBase.id == knowledge_base_id, KnowledgeBase.archived_at.is_(None)
    )
    return await session.scalar(statement) is not None


async def waiting_job(session: AsyncSession, source_id: uuid.UUID) -> Job | None:
    """A job of the source that has not ended."""
    found: Job | None = await session.scalar(
        select(Job)
        .where(Job.kind == SYNC_JOB, Job.subject_id == source_id, Job.state.in_((JobState.QUEUED, JobState.LEASED)))
        .limit(1)
    )
    return found


async def hides_documents(session: AsyncSession) -> bool:
    """Whether the organization has documents that whoever asks may not read."""
    return bool(await session.scalar(select(func.hides_documents())))
