"""Queries of erasures."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.postgres.models.document import Document
from storage.postgres.models.erasure import Erasure, ErasureKind
from storage.postgres.models.knowledge_base import KnowledgeBase


async def erasures(session: AsyncSession, *, limit: int, offset: int) -> Sequence[Erasure]:
    """The ledger of the organization, newest first."""
    statement = select(Erasure).order_by(Erasure.created_at.desc(), Erasure.id).limit(limit).offset(offset)
    return (await session.scalars(statement)).all()


async def erasure(session: AsyncSession, erasure_id: uuid.UUID) -> Erasure | None:
    """One erasure."""
    found: Erasure | None = await session.scalar(select(Erasure).where(Erasure.id == erasure_id))
    return found


async def is_here(session: AsyncSession, kind: ErasureKind, subject: uuid.UUID) -> bool:
    """Whether the organization has it, deleted or not, or began to erase it."""
    model = Document if kind == ErasureKind.DOCUMENT else KnowledgeBase
    if await session.scalar(select(model.id).where(model.id == subject)) is not None:
        return True
    begun = select(Erasure.id).where(Erasure.kind == kind, Erasure.subject == str(subject)).limit(1)
    return await session.scalar(begun) is not None
