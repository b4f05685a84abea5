"""Conversations, their turns and receipts."""

import uuid
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts.principal import Actor
from serving.bots import service as bots
from serving.bots.schemas import ChatbotOut
from serving.context import ServingContext
from serving.conversations import repository
from serving.conversations.answering import answer
from serving.conversations.errors import (
    ConversationNotFoundError,
    MessageNotFoundError,
    ReceiptNotFoundError,
)
from serving.conversations.schemas import (
    AnswerOut,
    ConversationCreate,
    ConversationStarted,
    EvalInReceipt,
    FeedbackInReceipt,
    ReceiptOut,
    ReceiptPassageOut,
)
from serving.inference.provider import Turn
from storage.postgres.models.conversation import Channel, Conversation
from storage.postgres.session import AnyRow, async_organization_session


async def start_conversation(session: AsyncSession, actor: Actor, body: ConversationCreate) -> ConversationStarted:
    """Start a conversation with a bot."""
    bot = await bots.get_chatbot(session, body.chatbot_id)
    row = await _start(session, actor, bot, channel=body.channel, title=body.title)
    listed = await get_conversation(session, actor, row.id)
    return ConversationStarted(**listed._mapping, welcome_message=bot.config.welcome_message)


async def _start(
    session: AsyncSession, actor: Actor, bot: ChatbotOut, *, channel: Channel, title: str | None = None
) -> Conversation:
    row = Conversation(
        organization_id=actor.organization_id,
        chatbot_id=bot.id,
        user_id=actor.user_id,
        api_key_id=actor.api_key_id,
        channel=channel,
        title=title,
    )
    session.add(row)
    await session.flush()
    return row


async def list_conversations(
    session: AsyncSession, actor: Actor, *, chatbot_id: uuid.UUID | None, limit: int, offset: int
) -> Sequence[AnyRow]:
    """Conversations that the actor may read, latest first."""
    return await repository.conversations(session, actor, chatbot_id=chatbot_id, limit=limit, offset=offset)


async def get_conversation(session: AsyncSession, actor: Actor, conversation_id: uuid.UUID) -> AnyRow:
    """One conversation."""
    row = await repository.conversation_row(session, actor, conversation_id)
    if row is None:
        raise ConversationNotFoundError
    return row


async def list_messages(session: AsyncSession, actor: Actor, conversation_id: uuid.UUID) -> Sequence[AnyRow]:
    """Turns of a conversation, in order."""
    await get_conversation(session, actor, conversation_id)
    return await repository.messages(session, actor, conversation_id)


async def ask(
    context: ServingContext,
    actor: Actor,
    *,
    chatbot: uuid.UUID | str,
    question: str,
    channel: Channel,
    history: tuple[Turn, ...] = (),
) -> AnswerOut:
    """Ask one question in a conversation of its own and wait for the whole answer.

    Args:
        context: The process's context.
        actor: Who asks.
        chatbot: Id or slug of the bot.
        question: The question.
        channel: The door it came through.
        history: Earlier turns that the asker remembers.
    """
    conversation_id = await open_conversation(context, actor, chatbot=chatbot, channel=channel)
    return await finish(context, actor, conversation_id, question, history=history)


async def open_conversation(
    context: ServingContext, actor: Actor, *, chatbot: uuid.UUID | str, channel: Channel
) -> uuid.UUID:
    """Start a conversation in a transaction of its own and return its id."""
    async with async_organization_session(context.engine, actor.organization_id) as session:
        bot = await bots.get_chatbot(session, chatbot)
        return (await _start(session, actor, bot, channel=channel)).id


async def finish(
    context: ServingContext,
    actor: Actor,
    conversation_id: uuid.UUID,
    question: str,
    *,
    history: tuple[Turn, ...] = (),
    parameters: Mapping[str, Any] | None = None,
) -> AnswerOut:
    """Answer a question and wait for the end."""
    result: AnswerOut | None = None
    answering = answer(context, actor, conversation_id, question, history=history, parameters=parameters)
    async with aclosing(answering) as events:
        async for event in events:
            if isinstance(event, AnswerOut):
                result = event
    if result is None:
        raise RuntimeError("an answer's stream ended without its last event")
    return result


async def get_receipt(session: AsyncSession, actor: Actor, message_id: uuid.UUID) -> ReceiptOut:
    """The receipt of an answer, with the feedback and evaluations that came since."""
    if await repository.visible_message(session, actor, message_id) is None:
        raise MessageNotFoundError
    row = await repository.receipt(session, message_id)
    if row is None:
        raise ReceiptNotFoundError
    passages = await repository.receipt_passages(session, row.id)
    feedback = await repository.feedback_on(session, message_id)
    evals = await repository.evals_of(session, message_id)
    return ReceiptOut(
        **row._mapping,
        passages=[_passage_out(p) for p in passages],
        feedback=[FeedbackInReceipt.model_validate(f) for f in feedback],
        evals=[EvalInReceipt.model_validate(e) for e in evals],
    )


def _passage_out(row: AnyRow) -> ReceiptPassageOut:
    """A passage of a receipt. Of a document that the reader may not see, only that there was one is told."""
    shown = ReceiptPassageOut.model_validate(row)
    if not shown.is_withheld:
        return shown
    return ReceiptPassageOut(
        rank=shown.rank,
        rank_before_rerank=shown.rank_before_rerank,
        citation=shown.citation,
        quotes=[],
        chunk_id=None,
        document_id=None,
        document_version_id=None,
        document_name=None,
        document_version=None,
        page=None,
        boxes=None,
        char_start=0,
        char_end=0,
        text_hash="",
        scores={},
        erased_at=shown.erased_at,
        is_withheld=True,
    )
