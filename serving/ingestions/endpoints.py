"""Routes of ingestions."""

import uuid
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from ingestion.ingestions import IngestionProgress
from serving.dependencies import Context, Database, KnowledgeReader, KnowledgeWriter
from serving.ingestions import service
from serving.ingestions.schemas import IngestionCreate

router = APIRouter(prefix="/api/v1", tags=["knowledge"])

_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@router.get("/ingestions")
async def list_ingestions(
    actor: KnowledgeReader,
    session: Database,
    knowledge_base_id: uuid.UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> Sequence[IngestionProgress]:
    """Ingestions, newest first; what was not read is listed by each one's own route."""
    return await service.list_ingestions(session, knowledge_base_id=knowledge_base_id, limit=limit, offset=offset)


@router.post("/ingestions", status_code=201)
async def start_ingestion(actor: KnowledgeWriter, body: IngestionCreate, session: Database) -> IngestionProgress:
    """Begin an ingestion; uploads that carry its id are counted together."""
    return await service.start(session, actor, body)


@router.get("/ingestions/{ingestion_id}")
async def read_ingestion(actor: KnowledgeReader, ingestion_id: uuid.UUID, session: Database) -> IngestionProgress:
    """How far an ingestion is: documents, pages, failures by type, and about how long it still takes."""
    return await service.get(session, ingestion_id)


@router.get("/ingestions/{ingestion_id}/events", response_class=StreamingResponse)
async def watch_ingestion(actor: KnowledgeReader, ingestion_id: uuid.UUID, context: Context) -> StreamingResponse:
    """Progress as server-sent events `ingestion.progress`; `ingestion.ended` comes last."""
    progress = service.watch(context, actor, ingestion_id)
    # The first look before the status line: an unknown ingestion is a 404, not a stream that breaks.
    first = await anext(progress)
    return StreamingResponse(service.events(first, progress), media_type="text/event-stream", headers=_HEADERS)


@router.post("/ingestions/{ingestion_id}/cancel")
async def cancel_ingestion(actor: KnowledgeWriter, ingestion_id: uuid.UUID, context: Context) -> IngestionProgress:
    """Stop reading what is not read yet; what is ready stays."""
    return await service.cancel(context, actor, ingestion_id)


@router.post("/ingestions/{ingestion_id}/resume")
async def resume_ingestion(actor: KnowledgeWriter, ingestion_id: uuid.UUID, context: Context) -> IngestionProgress:
    """Read what was cancelled after all."""
    return await service.resume(context, actor, ingestion_id)
