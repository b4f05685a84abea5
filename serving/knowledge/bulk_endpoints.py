"""Routes for many documents at once."""

from fastapi import APIRouter

from serving.dependencies import Database, KnowledgeWriter
from serving.knowledge import bulk
from serving.knowledge.bulk_schemas import BulkCreate, BulkOut, RelocationCreate, RelocationOut

router = APIRouter(prefix="/api/v1/documents", tags=["knowledge"])


@router.post("/move")
async def move_documents(actor: KnowledgeWriter, body: RelocationCreate, session: Database) -> RelocationOut:
    """Move documents to another knowledge base: all of them, or none."""
    return await bulk.move(session, actor, body)


@router.post("/copy", status_code=202)
async def copy_documents(actor: KnowledgeWriter, body: RelocationCreate, session: Database) -> RelocationOut:
    """Copy documents to another knowledge base; nothing is read or embedded again."""
    return await bulk.copy(session, actor, body)


@router.post("/bulk")
async def change_documents(actor: KnowledgeWriter, body: BulkCreate, session: Database) -> BulkOut:
    """Delete, tag, describe, restrict or read again up to 10,000 documents: all of them, or none."""
    return await bulk.change(session, actor, body)
