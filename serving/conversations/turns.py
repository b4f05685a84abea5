"""The transactions of a turn: open it, close it, give it up. Between them no database connection is held."""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts.principal import Actor
from serving.bots import repository as bots
from serving.bots.errors import ChatbotNotFoundError
from serving.bots.schemas import ChatbotConfig
from serving.context import ServingContext
from serving.conversations import repository
from serving.conversations.errors import ConversationClosedError, ConversationNotFoundError
from serving.inference.prompts.rendering import prompt_hash
from serving.inference.provider import Completed, GenerationRequest
from serving.retrieval.passage import Retrieval
from serving.retrieval.service import settings_of
from serving.retrieval.settings import RetrievalSettings
from storage.postgres.models.conversation import Conversation
from storage.postgres.models.message import Message, MessageRole, MessageState
from storage.postgres.models.receipt import Receipt
from storage.postgres.models.receipt_passage import ReceiptPassage
from storage.postgres.models.usage_record import UsageRecord
from storage.postgres.session import async_organization_session


@dataclass(frozen=True)
class OpenTurn:
    """A question that is stored and an answer that is not there yet."""

    actor: Actor
    conversation_id: uuid.UUID
    question_id: uuid.UUID
    message_id: uuid.UUID
    question: str
    chatbot_id: uuid.UUID
    chatbot_version_id: uuid.UUID
    config: ChatbotConfig
    knowledge_base_ids: tuple[uuid.UUID, ...]
    retrieval_settings: RetrievalSettings


@dataclass
class AnswerDraft:
    """What has been answered so far."""

    text: str = ""
    quotes: dict[int, list[str]] = field(default_factory=dict)
    latencies_ms: dict[str, float] = field(default_factory=dict)


async def open_turn(context: ServingContext, actor: Actor, conversation_id: uuid.UUID, question: str) -> OpenTurn:
    """Store the question and reserve the answer's place.

    Raises:
        ConversationNotFoundError: Unknown, or of somebody else.
        ConversationClosedError: It takes no more turns.
        ChatbotNotFoundError: The bot was archived since.
    """
    async with async_organization_session(context.engine, actor.organization_id) as session:
        conversation = await repository.lock_conversation(session, actor, conversation_id)
        if conversation is None:
            raise ConversationNotFoundError
        if conversation.closed_at is not None:
            raise ConversationClosedError
        bot = await bots.chatbot(session, conversation.chatbot_id)
        if bot is None:
            raise ChatbotNotFoundError("The bot of this conversation was archived")
        row, version = bot
        config = ChatbotConfig.model_validate(version.config)
        readable = (
            await bots.all_knowledge_bases(session) if config.reads_all_knowledge_bases else config.knowledge_base_ids
        )
        asked, reserved = await _add_messages(session, conversation, question)
        return OpenTurn(
            actor=actor,
            conversation_id=conversation.id,
            question_id=asked.id,
            message_id=reserved.id,
            question=question,
            chatbot_id=row.id,
            chatbot_version_id=version.id,
            config=config,
            knowledge_base_ids=tuple(readable),
            retrieval_settings=await settings_of(session, readable, config.retrieval),
        )


async def _add_messages(session: AsyncSession, conversation: Conversation, question: str) -> tuple[Message, Message]:
    last = await repository.last_message(session, conversation.id)
    ordinal = last.ordinal + 1 if last else 0
    asked = Message(
        id=uuid.uuid4(),
        organization_id=conversation.organization_id,
        conversation_id=conversation.id,
        parent_id=last.id if last else None,
        ordinal=ordinal,
        role=MessageRole.USER,
        state=MessageState.COMPLETE,
        content=question,
        completed_at=datetime.now(UTC),
    )
    reserved = Message(
        id=uuid.uuid4(),
        organization_id=conversation.organization_id,
        conversation_id=conversation.id,
        parent_id=asked.id,
        ordinal=ordinal + 1,
        role=MessageRole.ASSISTANT,
        state=MessageState.STREAMING,
        content="",
    )
    conversation.title = conversation.title or question[:120]
    conversation.updated_at = func.now()
    session.add(asked)
    await session.flush()
    session.add(reserved)
    await session.flush()
    return asked, reserved


async def close_turn(
    context: ServingContext,
    turn: OpenTurn,
    draft: AnswerDraft,
    *,
    retrieval: Retrieval,
    request: GenerationRequest,
    completed: Completed,
) -> None:
    """Store answer, receipt and usage in one transaction: an answer is never there without its receipt."""
    async with async_organization_session(context.engine, turn.actor.organization_id) as session:
        await _finish_message(session, turn.message_id, MessageState.COMPLETE, draft.text)
        row = _receipt(context, turn, draft, retrieval, request, completed)
        session.add(row)
        await session.flush()
        session.add_all(_passages(row, retrieval, draft))
        session.add(
            UsageRecord(
                organization_id=turn.actor.organization_id,
                message_id=turn.message_id,
                chatbot_id=turn.chatbot_id,
                user_id=turn.actor.user_id,
                api_key_id=turn.actor.api_key_id,
                provider=turn.config.provider,
                model=turn.config.model,
                prompt_tokens=completed.usage.prompt_tokens,
                completion_tokens=completed.usage.completion_tokens,
                cost_usd=Decimal(0),
            )
        )


async def give_up_turn(
    context: ServingContext, turn: OpenTurn, draft: AnswerDraft, *, state: MessageState, error_type: str | None
) -> None:
    """Keep what was answered so far, marked as cancelled or failed."""
    async with async_organization_session(context.engine, turn.actor.organization_id) as session:
        await _finish_message(session, turn.message_id, state, draft.text, error_type)


async def _finish_message(
    session: AsyncSession, message_id: uuid.UUID, state: MessageState, text: str, error_type: str | None = None
) -> None:
    await session.execute(
        update(Message)
        .where(Message.id == message_id)
        .values(state=state, content=text, error_type=error_type, completed_at=func.now())
    )


def _receipt(
    context: ServingContext,
    turn: OpenTurn,
    draft: AnswerDraft,
    retrieval: Retrieval,
    request: GenerationRequest,
    completed: Completed,
) -> Receipt:
    return Receipt(
        id=uuid.uuid4(),
        organization_id=turn.actor.organization_id,
        message_id=turn.message_id,
        question_id=turn.question_id,
        conversation_id=turn.conversation_id,
        chatbot_id=turn.chatbot_id,
        chatbot_version_id=turn.chatbot_version_id,
        index_version_id=retrieval.index_version_id,
        retrieval_settings=retrieval.settings.as_json(),
        prompt_template=request.prompt_template,
        prompt_hash=prompt_hash(request.messages),
        provider=turn.config.provider,
        model=turn.config.model,
        parameters=dict(turn.config.parameters),
        finish_reason=completed.finish_reason.value,
        is_refused=completed.is_refused,
        prompt_tokens=completed.usage.prompt_tokens,
        completion_tokens=completed.usage.completion_tokens,
        cost_reserved_usd=Decimal(0),
        cost_settled_usd=Decimal(0),
        latencies_ms={stage: round(value, 3) for stage, value in draft.latencies_ms.items()},
        language=request.language,
        guard_decisions=dict(completed.decisions),
    )


def _passages(row: Receipt, retrieval: Retrieval, draft: AnswerDraft) -> list[ReceiptPassage]:
    return [
        ReceiptPassage(
            organization_id=row.organization_id,
            receipt_id=row.id,
            rank=passage.rank,
            rank_before_rerank=passage.scores.fused_rank,
            chunk_id=passage.chunk_id,
            document_id=passage.document_id,
            document_version_id=passage.document_version_id,
            text_hash=passage.text_hash,
            page=passage.page_start,
            boxes=passage.boxes,
            char_start=passage.char_start,
            char_end=passage.char_end,
            scores={"score": round(passage.score, 6), **passage.scores.as_json()},
            citation=passage.rank if passage.rank in draft.quotes else None,
            quotes=draft.quotes.get(passage.rank, []),
        )
        for passage in retrieval.passages
    ]
