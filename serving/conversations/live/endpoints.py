"""Routes of what happens in a conversation right now."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Header, Query

from serving.conversations.live import service
from serving.conversations.live.response import LiveEventsResponse
from serving.dependencies import Context, Converser

router = APIRouter(prefix="/api/v1/conversations/{conversation_id}", tags=["conversations"])


@router.post("/typing", status_code=204)
async def tell_typing(actor: Converser, conversation_id: uuid.UUID, context: Context) -> None:
    """Tell the other side that one types; send it every few seconds while one does."""
    await service.tell_typing(context, actor, conversation_id)


@router.get(
    "/events",
    response_model=None,
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def read_events(
    actor: Converser,
    conversation_id: uuid.UUID,
    context: Context,
    last_event_id: Annotated[str | None, Header()] = None,
    after: Annotated[int | None, Query(ge=0, description="instead of the header Last-Event-ID")] = None,
) -> LiveEventsResponse:
    """Events as they happen: message.created, handover.requested, .assigned, .released, .resolved, and typing.

    Without a number, from now on; with one, everything that came after it first.
    """
    return await service.watch(context, actor, conversation_id, after=after, last_event_id=last_event_id)
