"""The search route."""

from typing import Any

from fastapi import APIRouter

from serving.dependencies import Context, KnowledgeReader
from serving.retrieval import service
from serving.retrieval.schemas import SearchCreate, SearchOut

router = APIRouter(prefix="/api/v1", tags=["search"])


@router.post("/search", response_model=SearchOut)
async def search(actor: KnowledgeReader, body: SearchCreate, context: Context) -> Any:
    """Find passages, best first, with the scores of every stage."""
    return await service.search(context, actor, body)
