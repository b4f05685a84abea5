"""Routes of what a conversation remembers."""

import uuid
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter

from serving.conversations.memory import service
from serving.conversations.schemas import FactOut, TopicOut
from serving.dependencies import Context, Converser, Database

router = APIRouter(prefix="/api/v1/conversations/{conversation_id}", tags=["conversations"])


@router.get("/facts", response_model=list[FactOut])
async def list_facts(actor: Converser, conversation_id: uuid.UUID, session: Database) -> Sequence[Any]:
    """Facts that were said in a conversation, also those that a newer one ended."""
    return await service.list_facts(session, actor, conversation_id)


@router.delete("/facts", status_code=204)
async def delete_facts(actor: Converser, conversation_id: uuid.UUID, session: Database) -> None:
    """Forget every fact that was said in a conversation."""
    await service.delete_facts(session, actor, conversation_id)


@router.delete("/facts/{fact_id}", status_code=204)
async def delete_fact(actor: Converser, conversation_id: uuid.UUID, fact_id: uuid.UUID, session: Database) -> None:
    """Forget one fact."""
    await service.delete_fact(session, actor, conversation_id, fact_id)


@router.get("/topics")
async def list_topics(actor: Converser, conversation_id: uuid.UUID, context: Context) -> list[TopicOut]:
    """Topics of the active branch, in the order in which they came up."""
    return await service.list_topics(context, actor, conversation_id)
