"""Knowledge bases, documents and passages."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import structlog
from anyio import to_thread
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from ingestion import intake
from ingestion.duplicates import Duplicate, find_duplicates
from ingestion.staging import Accepted
from serving.accounts.audit import record
from serving.accounts.principal import Actor
from serving.context import ServingContext
from serving.errors import TooLargeError
from serving.knowledge import repository
from serving.knowledge.errors import (
    DocumentNotFoundError,
    IngestionNotFoundError,
    KnowledgeBaseNotFoundError,
    KnowledgeBaseSlugTakenError,
    PassageNotFoundError,
    StoreUnavailableError,
)
from serving.knowledge.metadata import merged, parsed
from serving.knowledge.schemas import (
    DocumentUpdate,
    KnowledgeBaseCreate,
    KnowledgeBaseUpdate,
    PassageOut,
    UploadOut,
)
from storage.errors import DatabaseUnavailableError, StorageError
from storage.postgres.models.ingestion import Ingestion
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.postgres.session import AnyRow, async_organization_session

log = structlog.get_logger(__name__)


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
    row = await _knowledge_base(session, knowledge_base_id)
    for name, value in body.model_dump(exclude_unset=True).items():
        if value is not None or name == "description":
            setattr(row, name, value)
    await session.flush()
    record(session, actor, "knowledge_base.updated", subject_type="knowledge_base", subject_id=row.id)
    return await get_knowledge_base(session, row.id)


async def archive_knowledge_base(session: AsyncSession, actor: Actor, knowledge_base_id: uuid.UUID) -> None:
    """Hide a knowledge base from bots and lists; effective at once."""
    row = await _knowledge_base(session, knowledge_base_id)
    row.archived_at = datetime.now(UTC)
    record(session, actor, "knowledge_base.archived", subject_type="knowledge_base", subject_id=row.id)


async def _knowledge_base(session: AsyncSession, knowledge_base_id: uuid.UUID) -> KnowledgeBase:
    row = await repository.knowledge_base(session, knowledge_base_id)
    if row is None:
        raise KnowledgeBaseNotFoundError
    return row


async def upload(
    context: ServingContext,
    actor: Actor,
    knowledge_base_id: uuid.UUID,
    *,
    name: str,
    data: bytes | Path,
    size: int,
    declared_type: str | None,
    ingestion_id: uuid.UUID | None = None,
    metadata: str | None = None,
) -> UploadOut:
    """Accept a file: it is on disk and in the ledger when this returns, and a worker reads it soon.

    Raises:
        KnowledgeBaseNotFoundError: Unknown here.
        TooLargeError: Over the upload limit.
        MetadataError: `metadata` is not JSON with tags and fields; nothing was kept.
        StoreUnavailableError: The file store cannot be written; nothing was kept.
    """
    limit = context.settings.max_upload_mb * 1024 * 1024
    if size > limit:
        raise TooLargeError(f"The file has {size} bytes; at most {limit} are accepted (PIXEL_API_MAX_UPLOAD_MB)")
    said = parsed(metadata) if metadata else None
    async with async_organization_session(context.engine, actor.organization_id) as session:
        await _knowledge_base(session, knowledge_base_id)
        joined = await _joined(session, actor, knowledge_base_id, name=name, ingestion_id=ingestion_id)

    def accept() -> Accepted:
        return intake.accept(
            context.stores,
            organization_id=actor.organization_id,
            knowledge_base_id=knowledge_base_id,
            source_uri=f"upload:{name}",
            name=name,
            data=data,
            declared_type=declared_type,
            created_by=actor.user_id,
            ingestion_id=joined,
        )

    try:
        accepted = await to_thread.run_sync(accept)
    except DatabaseUnavailableError:
        raise
    except StorageError as error:
        # The error names a place on this machine: that is for the operator, not for the client.
        log.error("upload_not_stored", error=str(error))
        raise StoreUnavailableError from error
    async with async_organization_session(context.engine, actor.organization_id) as session:
        record(
            session,
            actor,
            "document.uploaded",
            subject_type="document",
            subject_id=accepted.document_id,
            details={"version_id": str(accepted.version_id), "state": accepted.state},
        )
        if said is not None:
            await update_document(session, actor, accepted.document_id, said)
    return UploadOut(
        document_id=accepted.document_id, version_id=accepted.version_id, state=accepted.state, ingestion_id=joined
    )


async def _joined(
    session: AsyncSession, actor: Actor, knowledge_base_id: uuid.UUID, *, name: str, ingestion_id: uuid.UUID | None
) -> uuid.UUID:
    """The ingestion that an upload belongs to: the one it names, or one of its own."""
    if ingestion_id is None:
        row = Ingestion(
            organization_id=actor.organization_id,
            knowledge_base_id=knowledge_base_id,
            name=name[:300],
            created_by=actor.user_id,
        )
        session.add(row)
        await session.flush()
        return row.id
    found = await session.get(Ingestion, ingestion_id)
    if found is None or found.knowledge_base_id != knowledge_base_id:
        raise IngestionNotFoundError
    return found.id


async def list_documents(
    session: AsyncSession, knowledge_base_id: uuid.UUID, *, state: str | None, limit: int, offset: int
) -> Sequence[AnyRow]:
    """Documents of a knowledge base."""
    await _knowledge_base(session, knowledge_base_id)
    return await repository.documents(session, knowledge_base_id, state=state, limit=limit, offset=offset)


async def get_document(session: AsyncSession, document_id: uuid.UUID) -> AnyRow:
    """One document."""
    row = await repository.document_row(session, document_id)
    if row is None:
        raise DocumentNotFoundError
    return row


async def update_document(session: AsyncSession, actor: Actor, document_id: uuid.UUID, body: DocumentUpdate) -> AnyRow:
    """Change tags and metadata.

    Raises:
        DocumentNotFoundError: Unknown here.
        MetadataError: More fields than a document may have, or a name that is the product's own.
    """
    row = await repository.document(session, document_id)
    if row is None:
        raise DocumentNotFoundError
    if body.tags is not None:
        row.tags = list(dict.fromkeys(body.tags))
    if body.custom_metadata is not None:
        row.custom_metadata = merged(row.custom_metadata, body.custom_metadata)
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
    await _knowledge_base(session, knowledge_base_id)
    return (await session.run_sync(find_duplicates, knowledge_base_id, at_least=at_least))[:limit]


async def delete_document(context: ServingContext, actor: Actor, document_id: uuid.UUID) -> None:
    """Delete a document: no answer uses it from the next request on; its vectors follow."""
    async with async_organization_session(context.engine, actor.organization_id) as session:
        await get_document(session, document_id)
        record(session, actor, "document.deleted", subject_type="document", subject_id=document_id)
    await to_thread.run_sync(intake.tombstone, context.stores, actor.organization_id, document_id)


async def get_passage(session: AsyncSession, chunk_id: uuid.UUID) -> PassageOut:
    """One passage with its neighbours."""
    row = await repository.passage(session, chunk_id)
    if row is None:
        raise PassageNotFoundError
    chunk = row.Chunk
    around = await repository.neighbours(session, chunk)
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
