"""Queries of index versions."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.postgres.models.index_version import IndexVersion


async def index_versions(session: AsyncSession) -> Sequence[IndexVersion]:
    """All index versions, newest first."""
    return (await session.scalars(select(IndexVersion).order_by(IndexVersion.number.desc()))).all()


async def index_version(session: AsyncSession, index_version_id: uuid.UUID) -> IndexVersion | None:
    """One index version."""
    found: IndexVersion | None = await session.scalar(select(IndexVersion).where(IndexVersion.id == index_version_id))
    return found
