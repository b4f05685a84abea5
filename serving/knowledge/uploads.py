"""Uploads: a file is checked, stored and staged, with what was said about it."""

import uuid
from pathlib import Path

import structlog
from anyio import to_thread
from sqlalchemy.ext.asyncio import AsyncSession

from ingestion import intake
from ingestion.errors import SourceTakenError
from ingestion.staging import Accepted
from serving.accounts.audit import record
from serving.accounts.groups import check_groups
from serving.accounts.principal import Actor
from serving.context import ServingContext
from serving.errors import TooLargeError
from serving.knowledge import repository
from serving.knowledge.bases import open_knowledge_base
from serving.knowledge.errors import DocumentNameTakenError, IngestionNotFoundError, StoreUnavailableError
from serving.knowledge.metadata import parsed
from serving.knowledge.schemas import UploadOut
from serving.knowledge.service import update_document
from storage.errors import DatabaseUnavailableError, StorageError
from storage.postgres.models.ingestion import Ingestion
from storage.postgres.session import async_organization_session

log = structlog.get_logger(__name__)


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
        GroupsNotAllowedError: It names groups that the actor is not in; nothing was kept.
        DocumentNameTakenError: There is a document of this name that the actor may not read, so may not replace.
        StoreUnavailableError: The file store cannot be written; nothing was kept.
    """
    limit = context.settings.max_upload_mb * 1024 * 1024
    if size > limit:
        raise TooLargeError(f"The file has {size} bytes; at most {limit} are accepted (PIXEL_API_MAX_UPLOAD_MB)")
    said = parsed(metadata) if metadata else None
    source_uri = f"upload:{name}"
    async with async_organization_session(context.engine, actor.organization_id) as session:
        await open_knowledge_base(session, knowledge_base_id)
        groups = await repository.groups_of_source(session, knowledge_base_id, source_uri)
        if said is not None and said.group_ids is not None:
            for wanted in filter(None, (said.group_ids, groups)):
                await check_groups(session, actor, wanted)
            groups = said.group_ids
        joined = await _joined(
            session, actor, knowledge_base_id, name=name, ingestion_id=ingestion_id, group_ids=groups
        )

    def accept() -> Accepted:
        return intake.accept(
            context.stores,
            organization_id=actor.organization_id,
            knowledge_base_id=knowledge_base_id,
            source_uri=source_uri,
            name=name,
            data=data,
            declared_type=declared_type,
            created_by=actor.user_id,
            ingestion_id=joined,
            group_ids=groups,
        )

    try:
        accepted = await to_thread.run_sync(accept)
    except DatabaseUnavailableError:
        raise
    except SourceTakenError as error:
        raise DocumentNameTakenError from error
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
    session: AsyncSession,
    actor: Actor,
    knowledge_base_id: uuid.UUID,
    *,
    name: str,
    ingestion_id: uuid.UUID | None,
    group_ids: list[uuid.UUID] | None,
) -> uuid.UUID:
    """The ingestion that an upload belongs to: the one it names, or one of its own."""
    if ingestion_id is None:
        row = Ingestion(
            organization_id=actor.organization_id,
            knowledge_base_id=knowledge_base_id,
            name=name[:300],
            group_ids=group_ids,
            created_by=actor.user_id,
        )
        session.add(row)
        await session.flush()
        return row.id
    found = await session.get(Ingestion, ingestion_id)
    if found is None or found.knowledge_base_id != knowledge_base_id:
        raise IngestionNotFoundError
    return found.id
