"""The transactions of a turn: open it, close it, give it up. Between them no database connection is held."""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts.principal import Actor
from serving.billing.charging import Reservation, charge_of
from serving.billing.ledger import Charge, budgets_of, release, settle
from serving.bots import repository as bots
from serving.bots.errors import ChatbotNotFoundError
from serving.bots.schemas import ChatbotConfig
from serving.context import ServingContext
from serving.conversations import repository
from serving.conversations.errors import (
    AnswerElsewhereError,
    ConversationClosedError,
    ConversationNotFoundError,
    MessageNotFoundError,
    ResumeExpiredError,
)
from serving.inference.prompts.rendering import prompt_hash
from serving.inference.provider import Completed, GenerationRequest, TokenUsage
from serving.inference.providers.tokens import estimated_tokens
from serving.inference.routing.route import Routed
from serving.retrieval.passage import Retrieval
from serving.retrieval.service import settings_of
from serving.retrieval.settings import RetrievalSettings
from storage.postgres.models.conversation import Conversation
from storage.postgres.models.message import Message, MessageRole, MessageState
from storage.postgres.models.receipt import Receipt
from storage.postgres.models.receipt_passage import ReceiptPassage
from storage.postgres.models.usage_record import UsageRecord
from storage.postgres.session import async_organization_session

# How long an answer may go without word of the process that writes it, and for how long it can be resumed after that.
LEASE = timedelta(seconds=20)
RESUMABLE_FOR = timedelta(minutes=10)
_JOIN_AFTER = 64


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
    generation: int = 0
    is_budgeted: bool = False


@dataclass
class AnswerDraft:
    """What has been answered so far."""

    pieces: list[str] = field(default_factory=list)
    quotes: dict[int, list[str]] = field(default_factory=dict)
    latencies_ms: dict[str, float] = field(default_factory=dict)
    routed: Routed | None = None
    reservation: Reservation | None = None

    @property
    def answerer(self) -> Routed:
        """Who answered."""
        assert self.routed is not None  # noqa: S101 - the router says so before the first word
        return self.routed

    def add(self, text: str) -> None:
        """More text. Pieces are joined now and then: thousands of short strings weigh ten times their text."""
        self.pieces.append(text)
        if len(self.pieces) >= _JOIN_AFTER:
            self.pieces = ["".join(self.pieces)]

    @property
    def text(self) -> str:
        """The text so far."""
        return "".join(self.pieces)


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
        asked, reserved = await _add_messages(session, conversation, question)
        return await _turn(session, actor, asked, reserved)


async def reopen_turn(context: ServingContext, actor: Actor, message_id: uuid.UUID) -> OpenTurn:
    """Begin an interrupted answer again, for the one who asked.

    Raises:
        MessageNotFoundError: Unknown, of somebody else, or no answer.
        AnswerElsewhereError: Another process writes it right now.
        ResumeExpiredError: It cannot be resumed, or not any more.
        ChatbotNotFoundError: The bot was archived since.
    """
    async with async_organization_session(context.engine, actor.organization_id) as session:
        answer = await repository.lock_answer(session, actor, message_id)
        if answer is None:
            raise MessageNotFoundError
        now = datetime.now(UTC)
        if answer.state == MessageState.STREAMING and answer.leased_until is not None and answer.leased_until > now:
            raise AnswerElsewhereError
        since = answer.completed_at or answer.leased_until or answer.created_at
        if answer.state not in (MessageState.INTERRUPTED, MessageState.STREAMING) or now - since > RESUMABLE_FOR:
            raise ResumeExpiredError
        question = await session.get_one(Message, answer.parent_id)
        answer.state = MessageState.STREAMING
        answer.generation += 1
        answer.error_type = answer.completed_at = None
        answer.leased_until = now + LEASE
        return await _turn(session, actor, question, answer)


async def _turn(session: AsyncSession, actor: Actor, asked: Message, reserved: Message) -> OpenTurn:
    conversation = await session.get_one(Conversation, reserved.conversation_id)
    bot = await bots.chatbot(session, conversation.chatbot_id)
    if bot is None:
        raise ChatbotNotFoundError("The bot of this conversation was archived")
    row, version = bot
    config = ChatbotConfig.model_validate(version.config)
    readable = (
        await bots.all_knowledge_bases(session) if config.reads_all_knowledge_bases else config.knowledge_base_ids
    )
    return OpenTurn(
        actor=actor,
        conversation_id=conversation.id,
        question_id=asked.id,
        message_id=reserved.id,
        question=asked.content,
        chatbot_id=row.id,
        chatbot_version_id=version.id,
        config=config,
        knowledge_base_ids=tuple(readable),
        retrieval_settings=await settings_of(session, readable, config.retrieval),
        generation=reserved.generation,
        is_budgeted=bool(await budgets_of(session, actor, row.id)),
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
        leased_until=datetime.now(UTC) + LEASE,
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
        charge = charge_of(draft.answerer, completed.usage)
        if draft.reservation is not None:
            await settle(session, draft.reservation.entry_id, charge)
        row = _receipt(turn, draft, retrieval, request, completed, charge)
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
                provider=draft.answerer.provider,
                model=draft.answerer.model,
                prompt_tokens=completed.usage.prompt_tokens,
                completion_tokens=completed.usage.completion_tokens,
                cost_usd=charge.amount.usd,
            )
        )


async def give_up_turn(
    context: ServingContext, turn: OpenTurn, draft: AnswerDraft, *, state: MessageState, error_type: str | None
) -> None:
    """Keep what was answered so far, marked as cancelled or failed."""
    async with async_organization_session(context.engine, turn.actor.organization_id) as session:
        await _finish_message(session, turn.message_id, state, draft.text, error_type)
        if draft.reservation is None:
            return
        if draft.routed is None:
            await release(session, draft.reservation.entry_id)
        else:
            # The provider counts what it has said, whoever stopped listening.
            usage = TokenUsage(draft.reservation.prompt_tokens, estimated_tokens(draft.text), is_estimated=True)
            await settle(session, draft.reservation.entry_id, charge_of(draft.routed, usage))


async def _finish_message(
    session: AsyncSession, message_id: uuid.UUID, state: MessageState, text: str, error_type: str | None = None
) -> None:
    await session.execute(
        update(Message)
        .where(Message.id == message_id)
        .values(state=state, content=text, error_type=error_type, completed_at=func.now())
    )


def _receipt(
    turn: OpenTurn,
    draft: AnswerDraft,
    retrieval: Retrieval,
    request: GenerationRequest,
    completed: Completed,
    charge: Charge,
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
        provider=draft.answerer.provider,
        model=draft.answerer.model,
        model_connection_id=draft.answerer.connection_id,
        organization_model_id=draft.answerer.model_id,
        adapter_hash=draft.answerer.adapter_hash,
        parameters=dict(draft.answerer.parameters),
        finish_reason=completed.finish_reason.value,
        is_refused=completed.is_refused,
        prompt_tokens=completed.usage.prompt_tokens,
        completion_tokens=completed.usage.completion_tokens,
        cost_reserved_usd=draft.reservation.most.usd if draft.reservation else charge.amount.usd,
        cost_settled_usd=charge.amount.usd,
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
