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
from serving.retrieval.settings import RetrievalOverrides
from storage.postgres.models.base import JsonObject
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.postgres.session import AnyRow


async def list_knowledge_bases(session: AsyncSession, *, is_archived: bool = False) -> Sequence[AnyRow]:
    """Knowledge bases of the organization: those in use, or those that are archived."""
    return await repository.knowledge_bases(session, is_archived=is_archived)


async def get_knowledge_base(session: AsyncSession, knowledge_base_id: uuid.UUID) -> AnyRow:
    """One knowledge base."""
    row = await repository.knowledge_base_row(session, knowledge_base_id)
    if row is None:
        raise KnowledgeBaseNotFoundError
    return row


async def create_knowledge_base(session: AsyncSession, actor: Actor, body: KnowledgeBaseCreate) -> AnyRow:
    """Make a knowledge base."""
    row = KnowledgeBase(
        organization_id=actor.organization_id,
        created_by=actor.user_id,
        settings=_with_retrieval({}, body.retrieval),
        **body.model_dump(exclude={"retrieval"}),
    )
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
    for name, value in body.model_dump(exclude_unset=True, exclude={"retrieval"}).items():
        if value is not None or name == "description":
            setattr(row, name, value)
    if "retrieval" in body.model_fields_set:
        row.settings = _with_retrieval(row.settings, body.retrieval)
    await session.flush()
    details = {"fields": sorted(body.model_fields_set)}
    record(session, actor, "knowledge_base.updated", subject_type="knowledge_base", subject_id=row.id, details=details)
    return await get_knowledge_base(session, row.id)


async def archive_knowledge_base(session: AsyncSession, actor: Actor, knowledge_base_id: uuid.UUID) -> None:
    """Hide a knowledge base from bots and lists; effective at once."""
    row = await open_knowledge_base(session, knowledge_base_id)
    row.archived_at = datetime.now(UTC)
    record(session, actor, "knowledge_base.archived", subject_type="knowledge_base", subject_id=row.id)


async def unarchive_knowledge_base(session: AsyncSession, actor: Actor, knowledge_base_id: uuid.UUID) -> AnyRow:
    """Bring an archived knowledge base back; bots that read it do so again at once.

    Raises:
        KnowledgeBaseNotFoundError: Unknown here, or not archived.
    """
    row = await repository.archived_knowledge_base(session, knowledge_base_id)
    if row is None:
        raise KnowledgeBaseNotFoundError("No archived knowledge base has this id")
    row.archived_at = None
    await session.flush()
    record(session, actor, "knowledge_base.unarchived", subject_type="knowledge_base", subject_id=row.id)
    return await get_knowledge_base(session, row.id)


def _with_retrieval(settings: JsonObject, said: RetrievalOverrides | None) -> JsonObject:
    rest = {name: value for name, value in settings.items() if name != "retrieval"}
    kept = said.model_dump(mode="json", exclude_none=True) if said is not None else {}
    return {**rest, "retrieval": kept} if kept else rest


async def open_knowledge_base(session: AsyncSession, knowledge_base_id: uuid.UUID) -> KnowledgeBase:
    """A knowledge base that is not archived.

    Raises:
        KnowledgeBaseNotFoundError: Unknown here, or archived.
    """
    row = await repository.knowledge_base(session, knowledge_base_id)
    if row is None:
        raise KnowledgeBaseNotFoundError
    return row
