"""Documents and passages."""

import uuid
from collections.abc import Sequence

from anyio import to_thread
from sqlalchemy.ext.asyncio import AsyncSession

from ingestion import intake
from ingestion.duplicates import Duplicate, find_duplicates
from serving.accounts.audit import record
from serving.accounts.principal import Actor
from serving.accounts.roles import Permission
from serving.context import ServingContext
from serving.conversations.citations import was_shown
from serving.knowledge import repository
from serving.knowledge.bases import open_knowledge_base
from serving.knowledge.errors import DocumentNotFoundError, PassageNotFoundError
from serving.knowledge.metadata import merged
from serving.knowledge.restrictions import restrict
from serving.knowledge.schemas import DocumentUpdate, PassageOut
from storage.postgres.session import AnyRow, async_organization_session


async def list_documents(
    session: AsyncSession, knowledge_base_id: uuid.UUID, *, state: str | None, limit: int, offset: int
) -> Sequence[AnyRow]:
    """Documents of a knowledge base."""
    await open_knowledge_base(session, knowledge_base_id)
    return await repository.documents(session, knowledge_base_id, state=state, limit=limit, offset=offset)


async def get_document(session: AsyncSession, document_id: uuid.UUID) -> AnyRow:
    """One document."""
    row = await repository.document_row(session, document_id)
    if row is None:
        raise DocumentNotFoundError
    return row


async def update_document(session: AsyncSession, actor: Actor, document_id: uuid.UUID, body: DocumentUpdate) -> AnyRow:
    """Change tags, metadata and who may read it.

    Raises:
        DocumentNotFoundError: Unknown here.
        MetadataError: More fields than a document may have, or a name that is the product's own.
        GroupNotFoundError: A group is unknown here.
        GroupsNotAllowedError: The actor is not in all groups that the document is given to, or taken from.
    """
    row = await repository.document(session, document_id)
    if row is None:
        raise DocumentNotFoundError
    if body.tags is not None:
        row.tags = list(dict.fromkeys(body.tags))
    if body.custom_metadata is not None:
        row.custom_metadata = merged(row.custom_metadata, body.custom_metadata)
    if "group_ids" in body.model_fields_set:
        await restrict(session, actor, [row], body.group_ids)
    record(
        session,
        actor,
        "document.updated",
        subject_type="document",
        subject_id=document_id,
        details={"fields": sorted(body.model_fields_set)},
    )
    await session.flush()
    return await get_document(session, document_id)


async def list_duplicates(
    session: AsyncSession, knowledge_base_id: uuid.UUID, *, at_least: float, limit: int
) -> list[Duplicate]:
    """Pairs of documents that say the same."""
    await open_knowledge_base(session, knowledge_base_id)
    return (await session.run_sync(find_duplicates, knowledge_base_id, at_least=at_least))[:limit]


async def delete_document(context: ServingContext, actor: Actor, document_id: uuid.UUID) -> None:
    """Delete a document: no answer uses it from the next request on; its vectors follow."""
    async with async_organization_session(context.engine, actor.organization_id) as session:
        await get_document(session, document_id)
        record(session, actor, "document.deleted", subject_type="document", subject_id=document_id)
    await to_thread.run_sync(intake.tombstone, context.stores, actor.organization_id, document_id)


async def get_passage(session: AsyncSession, actor: Actor, chunk_id: uuid.UUID) -> PassageOut:
    """One passage with its neighbours.

    Raises:
        PassageNotFoundError: Unknown here, gone, or not the actor's to read: who may not read what the organization knows
            opens what an answer has shown them, without what stands around it.
    """
    reads_all = actor.may(Permission.READ_KNOWLEDGE)
    row = await repository.passage(session, chunk_id)
    if row is None or not (reads_all or await was_shown(session, actor, chunk_id)):
        raise PassageNotFoundError
    chunk = row.Chunk
    around = await repository.neighbours(session, chunk) if reads_all else {}
    return PassageOut(
        chunk_id=chunk.id,
        document_id=chunk.document_id,
        document_version_id=chunk.document_version_id,
        document_name=row.name,
        version=row.number,
        is_current=row.current_version_id == chunk.document_version_id,
        text=chunk.text,
        before=around.get(chunk.ordinal - 1),
        after=around.get(chunk.ordinal + 1),
        heading_path=chunk.heading_path,
        page_start=chunk.page_start,
        page_end=chunk.page_end,
        boxes=chunk.boxes,
        char_start=chunk.char_start,
        char_end=chunk.char_end,
    )
