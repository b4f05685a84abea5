"""Routes of sources."""

import uuid
from typing import Any

from fastapi import APIRouter

from serving.dependencies import Context, Database, KnowledgeReader, KnowledgeWriter
from serving.sources import service
from serving.sources.schemas import SourceCreate, SourceOut, SourceUpdate, SyncOut

router = APIRouter(prefix="/api/v1/sources", tags=["sources"])


@router.get("")
async def list_sources(actor: KnowledgeReader, session: Database) -> list[SourceOut]:
    """Sources with what their last runs found."""
    return await service.as_shown(session, await service.list_sources(session))


@router.post("", status_code=201, response_model=SourceOut)
async def create_source(actor: KnowledgeWriter, body: SourceCreate, session: Database, context: Context) -> Any:
    """Add a source. Nothing is read before it is asked for."""
    return await service.create_source(session, actor, body, serving=context.settings)


@router.get("/{source_id}")
async def read_source(actor: KnowledgeReader, source_id: uuid.UUID, session: Database) -> SourceOut:
    """One source."""
    return (await service.as_shown(session, [await service.get_source(session, source_id)]))[0]


@router.patch("/{source_id}")
async def update_source(
    actor: KnowledgeWriter, source_id: uuid.UUID, body: SourceUpdate, session: Database, context: Context
) -> SourceOut:
    """Change a source."""
    row = await service.update_source(session, actor, source_id, body, serving=context.settings)
    return (await service.as_shown(session, [row]))[0]


@router.delete("/{source_id}", status_code=204)
async def delete_source(actor: KnowledgeWriter, source_id: uuid.UUID, session: Database) -> None:
    """Remove a source; the documents that came from it stay."""
    await service.delete_source(session, actor, source_id)


@router.post("/{source_id}/sync", status_code=202)
async def sync_source(actor: KnowledgeWriter, source_id: uuid.UUID, session: Database) -> SyncOut:
    """Ask a worker to take in what is new or changed, and to take away what vanished."""
    return await service.request_sync(session, actor, source_id)
