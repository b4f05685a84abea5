"""Queries of index versions."""

import uuid
from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.postgres.models.document_version import DocumentVersion
from storage.postgres.models.index_version import IndexVersion


async def index_versions(session: AsyncSession) -> Sequence[IndexVersion]:
    """All index versions, newest first."""
    return (await session.scalars(select(IndexVersion).order_by(IndexVersion.number.desc()))).all()


async def index_version(session: AsyncSession, index_version_id: uuid.UUID) -> IndexVersion | None:
    """One index version."""
    found: IndexVersion | None = await session.scalar(select(IndexVersion).where(IndexVersion.id == index_version_id))
    return found


async def visible_versions(session: AsyncSession, version_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the document versions that whoever asks may read."""
    return set(await session.scalars(select(DocumentVersion.id).where(DocumentVersion.id.in_(version_ids))))
