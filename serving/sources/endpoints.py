"""Routes of sources."""

import uuid
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter

from serving.dependencies import Context, Database, KnowledgeReader, KnowledgeWriter
from serving.sources import service
from serving.sources.schemas import SourceCreate, SourceOut, SourceUpdate, SyncOut

router = APIRouter(prefix="/api/v1/sources", tags=["sources"])


@router.get("", response_model=list[SourceOut])
async def list_sources(actor: KnowledgeReader, session: Database) -> Sequence[Any]:
    """Sources with what their last runs found."""
    return await service.list_sources(session)


@router.post("", status_code=201, response_model=SourceOut)
async def create_source(actor: KnowledgeWriter, body: SourceCreate, session: Database, context: Context) -> Any:
    """Add a source. Nothing is read before it is asked for."""
    return await service.create_source(session, actor, body, serving=context.settings)


@router.get("/{source_id}", response_model=SourceOut)
async def read_source(actor: KnowledgeReader, source_id: uuid.UUID, session: Database) -> Any:
    """One source."""
    return await service.get_source(session, source_id)


@router.patch("/{source_id}", response_model=SourceOut)
async def update_source(
    actor: KnowledgeWriter, source_id: uuid.UUID, body: SourceUpdate, session: Database, context: Context
) -> Any:
    """Change a source."""
    return await service.update_source(session, actor, source_id, body, serving=context.settings)


@router.delete("/{source_id}", status_code=204)
async def delete_source(actor: KnowledgeWriter, source_id: uuid.UUID, session: Database) -> None:
    """Remove a source; the documents that came from it stay."""
    await service.delete_source(session, actor, source_id)


@router.post("/{source_id}/sync", status_code=202)
async def sync_source(actor: KnowledgeWriter, source_id: uuid.UUID, session: Database) -> SyncOut:
    """Ask a worker to take in what is new or changed, and to take away what vanished."""
    return await service.request_sync(session, actor, source_id)
