"""Routes of conversations, messages and receipts."""

import uuid
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request

from serving.context import ServingContext
from serving.conversations import citations, receipts, service, sse
from serving.conversations.schemas import (
    AnswerOut,
    BranchSwitch,
    CitationOut,
    ConversationCreate,
    ConversationOut,
    ConversationStarted,
    MessageCreate,
    MessageEdit,
    MessageOut,
    MessageRetry,
    ReceiptOut,
)
from serving.conversations.streams.hub import RunningAnswer
from serving.conversations.streams.response import AnswerStreamResponse, until_done
from serving.dependencies import Chatter, Context, Converser, Database

router = APIRouter(prefix="/api/v1", tags=["conversations"])


@router.post("/conversations", status_code=201)
async def start_conversation(actor: Chatter, body: ConversationCreate, session: Database) -> ConversationStarted:
    """Start a conversation with a bot."""
    return await service.start_conversation(session, actor, body)


@router.get("/conversations", response_model=list[ConversationOut])
async def list_conversations(
    actor: Chatter,
    session: Database,
    chatbot_id: uuid.UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> Sequence[Any]:
    """Conversations, latest first: one's own, or all with a role that may read them."""
    return await service.list_conversations(session, actor, chatbot_id=chatbot_id, limit=limit, offset=offset)


@router.get("/conversations/{conversation_id}", response_model=ConversationOut)
async def read_conversation(actor: Chatter, conversation_id: uuid.UUID, session: Database) -> Any:
    """One conversation."""
    return await service.get_conversation(session, actor, conversation_id)


@router.get("/conversations/{conversation_id}/messages", response_model=list[MessageOut])
async def list_messages(
    actor: Chatter, conversation_id: uuid.UUID, session: Database, branch: Literal["active", "all"] = "active"
) -> Sequence[Any]:
    """Turns of the active branch, or of all branches, in order."""
    return await service.list_messages(session, actor, conversation_id, is_whole_tree=branch == "all")


@router.post("/conversations/{conversation_id}/branch", response_model=list[MessageOut])
async def switch_branch(
    actor: Chatter, conversation_id: uuid.UUID, body: BranchSwitch, session: Database
) -> Sequence[Any]:
    """Go on with the branch that a turn is on; its turns."""
    return await service.switch_branch(session, actor, conversation_id, body.message_id)


@router.post(
    "/conversations/{conversation_id}/messages",
    response_model=AnswerOut,
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def ask(
    actor: Chatter, conversation_id: uuid.UUID, body: MessageCreate, context: Context, request: Request
) -> Any:
    """Ask. With `stream`: events answer.started, .reset, .delta, .citation, .completed, or error."""
    running = await service.begin(context, actor, conversation_id, body.content)
    return await _answered(context, running, request, is_stream=body.stream)


@router.post(
    "/messages/{message_id}/edit",
    response_model=AnswerOut,
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def edit_question(
    actor: Chatter, message_id: uuid.UUID, body: MessageEdit, context: Context, request: Request
) -> Any:
    """Ask a question in other words, on a branch of its own; events as when asking."""
    running = await service.edit(context, actor, message_id, body.content)
    return await _answered(context, running, request, is_stream=body.stream)


@router.post(
    "/messages/{message_id}/retry",
    response_model=AnswerOut,
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def retry_answer(
    actor: Chatter, message_id: uuid.UUID, body: MessageRetry, context: Context, request: Request
) -> Any:
    """Answer a question once more, on a branch of its own; events as when asking."""
    running = await service.retry(context, actor, message_id)
    return await _answered(context, running, request, is_stream=body.stream)


async def _answered(context: ServingContext, running: RunningAnswer, request: Request, *, is_stream: bool) -> Any:
    if not is_stream:
        return await until_done(context, running, request)
    return AnswerStreamResponse(context.streams, running, sse.encoder(running.generation))


@router.get(
    "/messages/{message_id}/stream",
    response_model=None,
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def read_stream(
    actor: Chatter,
    message_id: uuid.UUID,
    context: Context,
    last_event_id: Annotated[str | None, Header()] = None,
    after: Annotated[str | None, Query(max_length=30, description="instead of the header Last-Event-ID")] = None,
) -> AnswerStreamResponse:
    """Read an answer's events again, from the last one that was seen on.

    An interrupted answer begins again: the event answer.reset then says that what came before no longer counts.
    """
    running = await service.rejoin(context, actor, message_id)
    seen = sse.position(last_event_id or after, running.generation)
    return AnswerStreamResponse(context.streams, running, sse.encoder(running.generation), after=seen)


@router.post("/messages/{message_id}/stop", status_code=204)
async def stop_answer(actor: Chatter, message_id: uuid.UUID, context: Context) -> None:
    """End an answer that is being written; what was said so far is kept."""
    await service.stop(context, actor, message_id)


@router.get("/messages/{message_id}/citations")
async def list_citations(actor: Chatter, message_id: uuid.UUID, session: Database) -> list[CitationOut]:
    """The sources of an answer, by number: those that one may still read."""
    return await citations.list_citations(session, actor, message_id)


@router.get("/messages/{message_id}/receipt")
async def read_receipt(actor: Converser, message_id: uuid.UUID, session: Database) -> ReceiptOut:
    """Everything that an answer came from."""
    return await receipts.get_receipt(session, actor, message_id)
