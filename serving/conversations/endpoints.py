"""Routes of conversations, messages and receipts."""

import uuid
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from serving.conversations import service, sse
from serving.conversations.answering import answer
from serving.conversations.schemas import (
    AnswerOut,
    ConversationCreate,
    ConversationOut,
    ConversationStarted,
    MessageCreate,
    MessageOut,
    ReceiptOut,
)
from serving.dependencies import Context, Converser, Database

router = APIRouter(prefix="/api/v1", tags=["conversations"])


@router.post("/conversations", status_code=201)
async def start_conversation(actor: Converser, body: ConversationCreate, session: Database) -> ConversationStarted:
    """Start a conversation with a bot."""
    return await service.start_conversation(session, actor, body)


@router.get("/conversations", response_model=list[ConversationOut])
async def list_conversations(
    actor: Converser,
    session: Database,
    chatbot_id: uuid.UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> Sequence[Any]:
    """Conversations, latest first: one's own, or all with a role that may read them."""
    return await service.list_conversations(session, actor, chatbot_id=chatbot_id, limit=limit, offset=offset)


@router.get("/conversations/{conversation_id}", response_model=ConversationOut)
async def read_conversation(actor: Converser, conversation_id: uuid.UUID, session: Database) -> Any:
    """One conversation."""
    return await service.get_conversation(session, actor, conversation_id)


@router.get("/conversations/{conversation_id}/messages", response_model=list[MessageOut])
async def list_messages(actor: Converser, conversation_id: uuid.UUID, session: Database) -> Sequence[Any]:
    """Turns of a conversation, in order."""
    return await service.list_messages(session, actor, conversation_id)


@router.post(
    "/conversations/{conversation_id}/messages",
    response_model=AnswerOut,
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def ask(actor: Converser, conversation_id: uuid.UUID, body: MessageCreate, context: Context) -> Any:
    """Ask. With `stream`: events answer.started, answer.delta, answer.citation, answer.completed, or error."""
    if not body.stream:
        return await service.finish(context, actor, conversation_id, body.content)
    events = answer(context, actor, conversation_id, body.content)
    # The first event before the status line: an unknown conversation is a 404, not a stream that breaks.
    first = await anext(events)
    return StreamingResponse(sse.encode_all(first, events), media_type="text/event-stream", headers=sse.HEADERS)


@router.get("/messages/{message_id}/receipt")
async def read_receipt(actor: Converser, message_id: uuid.UUID, session: Database) -> ReceiptOut:
    """Everything that an answer came from."""
    return await service.get_receipt(session, actor, message_id)
