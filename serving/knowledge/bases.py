"""Knowledge bases: make, change, archive."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts.audit import record
from serving.accounts.principal import Actor
from serving.knowledge import repository
from serving.knowledge.errors import KnowledgeBaseNotFoundError, KnowledgeBaseSlugTakenError
from serving.knowledge.schemas import KnowledgeBaseCreate, KnowledgeBaseUpdate
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.postgres.session import AnyRow


async def list_knowledge_bases(session: AsyncSession) -> Sequence[AnyRow]:
    """Knowledge bases of the organization."""
    return await repository.knowledge_bases(session)


async def get_knowledge_base(session: AsyncSession, knowledge_base_id: uuid.UUID) -> AnyRow:
    """One knowledge base."""
    row = await repository.knowledge_base_row(session, knowledge_base_id)
    if row is None:
        raise KnowledgeBaseNotFoundError
    return row


async def create_knowledge_base(session: AsyncSession, actor: Actor, body: KnowledgeBaseCreate) -> AnyRow:
    """Make a knowledge base."""
    row = KnowledgeBase(organization_id=actor.organization_id, created_by=actor.user_id, **body.model_dump())
    session.add(row)
    try:
        await session.flush()
    except IntegrityError as error:
        raise KnowledgeBaseSlugTakenError(
            f"Another knowledge base has the slug {body.slug}; choose another one"
        ) from error
    record(session, actor, "knowledge_base.created", subject_type="knowledge_base", subject_id=row.id)
    return await get_knowledge_base(session, row.id)


async def update_knowledge_base(
    session: AsyncSession, actor: Actor, knowledge_base_id: uuid.UUID, body: KnowledgeBaseUpdate
) -> AnyRow:
    """Change a knowledge base."""
    row = await open_knowledge_base(session, knowledge_base_id)
    for name, value in body.model_dump(exclude_unset=True).items():
        if value is not None or name == "description":
            setattr(row, name, value)
    await session.flush()
    record(session, actor, "knowledge_base.updated", subject_type="knowledge_base", subject_id=row.id)
    return await get_knowledge_base(session, row.id)


async def archive_knowledge_base(session: AsyncSession, actor: Actor, knowledge_base_id: uuid.UUID) -> None:
    """Hide a knowledge base from bots and lists; effective at once."""
    row = await open_knowledge_base(session, knowledge_base_id)
    row.archived_at = datetime.now(UTC)
    record(session, actor, "knowledge_base.archived", subject_type="knowledge_base", subject_id=row.id)


async def open_knowledge_base(session: AsyncSession, knowledge_base_id: uuid.UUID) -> KnowledgeBase:
    """A knowledge base that is not archived.

    Raises:
        KnowledgeBaseNotFoundError: Unknown here, or archived.
    """
    row = await repository.knowledge_base(session, knowledge_base_id)
    if row is None:
        raise KnowledgeBaseNotFoundError
    return row
