"""Routes of knowledge."""

import uuid
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, UploadFile

from serving.dependencies import BotWriter, Context, Database, KnowledgeReader, KnowledgeWriter, PassageOpener
from serving.knowledge import bases, service, sharing, uploads
from serving.knowledge.bulk_schemas import SharedBot, SharingUpdate
from serving.knowledge.schemas import (
    DocumentOut,
    DocumentUpdate,
    DuplicateOut,
    KnowledgeBaseCreate,
    KnowledgeBaseOut,
    KnowledgeBaseUpdate,
    PassageOut,
    UploadOut,
)
from storage.postgres.models.document_version import VersionState

router = APIRouter(prefix="/api/v1", tags=["knowledge"])


@router.get("/knowledge-bases", response_model=list[KnowledgeBaseOut])
async def list_knowledge_bases(actor: KnowledgeReader, session: Database, is_archived: bool = False) -> Sequence[Any]:
    """Knowledge bases with how many documents stand where; those in use, or those that are archived."""
    return await bases.list_knowledge_bases(session, is_archived=is_archived)


@router.post("/knowledge-bases", status_code=201, response_model=KnowledgeBaseOut)
async def create_knowledge_base(actor: KnowledgeWriter, body: KnowledgeBaseCreate, session: Database) -> Any:
    """Make a knowledge base."""
    return await bases.create_knowledge_base(session, actor, body)


@router.get("/knowledge-bases/{knowledge_base_id}", response_model=KnowledgeBaseOut)
async def read_knowledge_base(actor: KnowledgeReader, knowledge_base_id: uuid.UUID, session: Database) -> Any:
    """One knowledge base."""
    return await bases.get_knowledge_base(session, knowledge_base_id)


@router.patch("/knowledge-bases/{knowledge_base_id}", response_model=KnowledgeBaseOut)
async def update_knowledge_base(
    actor: KnowledgeWriter, knowledge_base_id: uuid.UUID, body: KnowledgeBaseUpdate, session: Database
) -> Any:
    """Change a knowledge base."""
    return await bases.update_knowledge_base(session, actor, knowledge_base_id, body)


@router.delete("/knowledge-bases/{knowledge_base_id}", status_code=204)
async def archive_knowledge_base(actor: KnowledgeWriter, knowledge_base_id: uuid.UUID, session: Database) -> None:
    """Archive a knowledge base; bots stop reading it at once."""
    await bases.archive_knowledge_base(session, actor, knowledge_base_id)


@router.post("/knowledge-bases/{knowledge_base_id}/unarchive", response_model=KnowledgeBaseOut)
async def unarchive_knowledge_base(actor: KnowledgeWriter, knowledge_base_id: uuid.UUID, session: Database) -> Any:
    """Bring an archived knowledge base back."""
    return await bases.unarchive_knowledge_base(session, actor, knowledge_base_id)


@router.get("/knowledge-bases/{knowledge_base_id}/chatbots")
async def list_sharing(actor: KnowledgeReader, knowledge_base_id: uuid.UUID, session: Database) -> list[SharedBot]:
    """All bots, and whether each reads the knowledge base."""
    return await sharing.list_bots(session, knowledge_base_id)


@router.put("/knowledge-bases/{knowledge_base_id}/chatbots")
async def share_knowledge_base(
    actor: BotWriter, knowledge_base_id: uuid.UUID, body: SharingUpdate, session: Database
) -> list[SharedBot]:
    """Make exactly these bots read the knowledge base; each that changes gets a new version."""
    return await sharing.share(session, actor, knowledge_base_id, body)


@router.post("/knowledge-bases/{knowledge_base_id}/documents", status_code=202)
async def upload_document(
    actor: KnowledgeWriter,
    knowledge_base_id: uuid.UUID,
    file: UploadFile,
    context: Context,
    ingestion_id: Annotated[uuid.UUID | None, Form()] = None,
    metadata: Annotated[
        str | None, Form(max_length=200_000, description="JSON: tags, custom_metadata, group_ids")
    ] = None,
) -> UploadOut:
    """Upload a file. An equal name replaces the document's content; `ingestion_id` counts several uploads together."""
    return await uploads.upload(
        context,
        actor,
        knowledge_base_id,
        name=(file.filename or "upload")[:512],
        data=await file.read(),
        size=file.size or 0,
        declared_type=file.content_type,
        ingestion_id=ingestion_id,
        metadata=metadata,
    )


@router.get("/knowledge-bases/{knowledge_base_id}/documents", response_model=list[DocumentOut])
async def list_documents(
    actor: KnowledgeReader,
    knowledge_base_id: uuid.UUID,
    session: Database,
    state: VersionState | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> Sequence[Any]:
    """Documents of a knowledge base, by name; `state` keeps those whose newest version is in it."""
    return await service.list_documents(session, knowledge_base_id, state=state, limit=limit, offset=offset)


@router.get("/knowledge-bases/{knowledge_base_id}/duplicates", response_model=list[DuplicateOut])
async def list_duplicates(
    actor: KnowledgeReader,
    knowledge_base_id: uuid.UUID,
    session: Database,
    at_least: Annotated[float, Query(ge=0.6, le=1)] = 0.8,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Sequence[Any]:
    """Pairs of documents that say the same, exactly or nearly, the most alike first."""
    return await service.list_duplicates(session, knowledge_base_id, at_least=at_least, limit=limit)


@router.get("/documents/{document_id}", response_model=DocumentOut)
async def read_document(actor: KnowledgeReader, document_id: uuid.UUID, session: Database) -> Any:
    """One document with its newest version's state."""
    return await service.get_document(session, document_id)


@router.patch("/documents/{document_id}", response_model=DocumentOut)
async def update_document(
    actor: KnowledgeWriter, document_id: uuid.UUID, body: DocumentUpdate, session: Database
) -> Any:
    """Change tags and metadata of a document, and which groups may read it."""
    return await service.update_document(session, actor, document_id, body)


@router.delete("/documents/{document_id}", status_code=204)
async def delete_document(actor: KnowledgeWriter, document_id: uuid.UUID, context: Context) -> None:
    """Delete a document; effective at once."""
    await service.delete_document(context, actor, document_id)


@router.get("/passages/{chunk_id}")
async def read_passage(actor: PassageOpener, chunk_id: uuid.UUID, session: Database) -> PassageOut:
    """A passage with its neighbours: what a citation opens. Visitors get those that an answer has shown them, alone."""
    return await service.get_passage(session, actor, chunk_id)
