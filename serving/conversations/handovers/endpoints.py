"""Routes of hand-overs."""

import uuid
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query

from serving.conversations.handovers import service
from serving.conversations.handovers.schemas import (
    HandoverCounts,
    HandoverCreate,
    HandoverOut,
    QueuedHandover,
    ReplyCreate,
)
from serving.conversations.schemas import MessageOut
from serving.dependencies import Agent, Chatter, Context, Database
from storage.postgres.models.handover import HandoverState

router = APIRouter(prefix="/api/v1", tags=["handovers"])
MOST_LISTED = 200
_OPEN = [HandoverState.REQUESTED, HandoverState.ASSIGNED]


@router.post("/conversations/{conversation_id}/handover", status_code=201)
async def request_handover(
    actor: Chatter, conversation_id: uuid.UUID, body: HandoverCreate, context: Context, session: Database
) -> HandoverOut:
    """Ask for a person; until it is resolved, the bot does not answer."""
    return await service.request(context, session, actor, conversation_id, body)


@router.get("/handovers", response_model=list[QueuedHandover])
async def list_handovers(
    actor: Agent,
    session: Database,
    state: Annotated[list[HandoverState] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = MOST_LISTED,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> Sequence[Any]:
    """The queue: what is open unless states are given. One's own first, members before visitors, the longest wait first."""
    return await service.list_queue(session, actor, states=state or _OPEN, limit=limit, offset=offset)


@router.get("/handovers/counts", response_model=HandoverCounts)
async def count_handovers(actor: Agent, session: Database) -> Any:
    """How many wait in all, how many are answered, and how many of those by oneself."""
    return await service.count_queue(session, actor)


@router.post("/handovers/{handover_id}/take")
async def take_handover(actor: Agent, handover_id: uuid.UUID, context: Context, session: Database) -> QueuedHandover:
    """Answer in this conversation from now on."""
    return await service.take(context, session, actor, handover_id)


@router.post("/handovers/{handover_id}/release")
async def release_handover(actor: Agent, handover_id: uuid.UUID, context: Context, session: Database) -> QueuedHandover:
    """Put the conversation back into the queue."""
    return await service.release(context, session, actor, handover_id)


@router.post("/handovers/{handover_id}/resolve")
async def resolve_handover(actor: Agent, handover_id: uuid.UUID, context: Context, session: Database) -> QueuedHandover:
    """Give the conversation back to the bot."""
    return await service.resolve(context, session, actor, handover_id)


@router.post("/handovers/{handover_id}/replies", status_code=201, response_model=MessageOut)
async def reply_to_handover(
    actor: Agent, handover_id: uuid.UUID, body: ReplyCreate, context: Context, session: Database
) -> Any:
    """Answer; whoever answers first has taken the conversation."""
    return await service.reply(context, session, actor, handover_id, body)
