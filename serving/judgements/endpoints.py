"""Routes of labels and comparisons."""

import uuid
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query

from serving.dependencies import Context, Database, KnowledgeReader, KnowledgeWriter
from serving.judgements import comparison, labels
from serving.judgements.schemas import ComparisonCreate, ComparisonOut, LabelCreate, LabelOut

router = APIRouter(prefix="/api/v1", tags=["search"])


@router.get("/retrieval-labels", response_model=list[LabelOut])
async def list_labels(
    actor: KnowledgeReader,
    session: Database,
    knowledge_base_id: uuid.UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> Sequence[Any]:
    """Labels of documents that you may read, by query."""
    return await labels.list_labels(session, knowledge_base_id, limit=limit, offset=offset)


@router.post("/retrieval-labels", status_code=201, response_model=LabelOut)
async def create_label(actor: KnowledgeWriter, body: LabelCreate, session: Database) -> Any:
    """Say how relevant a passage is to a question; a second time replaces the first."""
    return await labels.create_label(session, actor, body)


@router.delete("/retrieval-labels/{label_id}", status_code=204)
async def delete_label(actor: KnowledgeWriter, label_id: uuid.UUID, session: Database) -> None:
    """Take a label back."""
    await labels.delete_label(session, actor, label_id)


@router.post("/retrieval-comparisons")
async def compare(actor: KnowledgeWriter, body: ComparisonCreate, context: Context) -> ComparisonOut:
    """Ask the labelled questions in two ways; nothing is kept."""
    return await comparison.compare(context, actor, body)
