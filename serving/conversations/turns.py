"""A turn that is open, and the transactions that close it or give it up. No database connection is held meanwhile."""

import asyncio
import time
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast

from sqlalchemy import Table, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts.principal import Actor
from serving.billing.charging import Reservation, charge_of, cut_usage
from serving.billing.ledger import Charge, release, settle
from serving.billing.usage import record_usage, usage_record
from serving.bots.schemas import ChatbotConfig
from serving.context import ServingContext
from serving.conversations import repository
from serving.conversations.answer_cache import CachedAnswer, CacheKey
from serving.conversations.errors import AnswerElsewhereError, MessageNotFoundError
from serving.conversations.events import AnswerToolCall
from serving.conversations.handovers.requesting import refused_too_often
from serving.conversations.handovers.schemas import HandoverOut
from serving.conversations.live.journal import MESSAGE_CREATED, record_event
from serving.conversations.memory.recall import NOTHING, Recalled
from serving.conversations.memory.standalone import Standalone
from serving.conversations.streams.text import GrowingText
from serving.conversations.tools.toolbox import check_calls
from serving.inference.prompts.rendering import prompt_hash
from serving.inference.provider import Completed, GenerationRequest, TokenUsage, ToolCall
from serving.inference.routing.route import Route, Routed
from serving.retrieval.passage import Retrieval
from serving.retrieval.settings import RetrievalSettings
from storage.postgres.insertion import NewRows
from storage.postgres.models.base import JsonObject
from storage.postgres.models.message import Message, MessageAuthor, MessageState
from storage.postgres.models.receipt import Receipt
from storage.postgres.models.receipt_passage import ReceiptPassage
from storage.postgres.models.usage_record import UsageRecord
from storage.postgres.session import async_organization_session

# How long an answer may go without word of the process that writes it.
LEASE = timedelta(seconds=20)
# An answer that was swept while the database was away is its process's to finish, unless it was begun again meanwhile.
_UNFINISHED = (MessageState.STREAMING, MessageState.INTERRUPTED)
_MESSAGES = cast(Table, Message.__table__)
_FINISH = (
    update(_MESSAGES)
    .where(
        _MESSAGES.c.id == bindparam("of"),
        _MESSAGES.c.state.in_(_UNFINISHED),
        _MESSAGES.c.generation == bindparam("written"),
    )
    .values(state=bindparam("to"), content=bindparam("text"), error_type=bindparam("error"), completed_at=func.now())
)


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
    route: Route
    knowledge_base_ids: tuple[uuid.UUID, ...]
    retrieval_settings: RetrievalSettings
    memory: Recalled = NOTHING
    generation: int = 0
    is_budgeted: bool = False
    is_retry: bool = False
    is_remembered: bool = True
    """Whether anything that it states could ever be recalled: not when its conversation is never gone on with."""
    intent_model_id: uuid.UUID | None = None


@dataclass(frozen=True)
class HandedOver:
    """A question that is stored for a person to answer: the bot is silent."""

    actor: Actor
    conversation_id: uuid.UUID
    question_id: uuid.UUID
    handover: HandoverOut
    notice: str

    @property
    def message_id(self) -> uuid.UUID:
        """What its events are found by; there is no answer yet."""
        return self.question_id

    @property
    def generation(self) -> int:
        """Nothing of it is ever begun again."""
        return 0


@dataclass
class AnswerDraft:
    """What has been answered so far. `said` grows where the events arrive, so that no text is kept twice.

    `translation` says what was translated for it, `understood` what was of its question. `beside` ends with the answer.
    `request` is what was asked of a model: nothing was where the answer `is_cached`, and where it `is_charged` it was paid for
    already. `to_cache` is kept once it is stored. `calls` are the tools that the model asks for.
    """

    begun_at: float = field(default_factory=time.monotonic)
    said: GrowingText = field(default_factory=GrowingText)
    quotes: dict[int, list[str]] = field(default_factory=dict)
    calls: list[ToolCall] = field(default_factory=list)
    latencies_ms: dict[str, float] = field(default_factory=dict)
    standalone: Standalone | None = None
    searched_for: str | None = None
    translation: dict[str, JsonObject] = field(default_factory=dict)
    understood: JsonObject | None = None
    beside: asyncio.Task[None] | None = None
    routed: Routed | None = None
    is_cached: bool = False
    is_charged: bool = False
    to_cache: tuple[CacheKey, CachedAnswer] | None = None
    request: GenerationRequest | None = None
    reservation: Reservation | None = None
    charge: Charge | None = None
    usage: TokenUsage | None = None
    cut: UsageRecord | None = None
    is_closed: bool = False

    @property
    def answerer(self) -> Routed:
        """Who answered."""
        assert self.routed is not None  # noqa: S101 - the router says so before the first word
        return self.routed

    def call(self, call: ToolCall) -> AnswerToolCall:
        """One more tool that the model asks for, as its reader is told."""
        self.calls.append(call)
        check_calls(self.calls)
        return AnswerToolCall(len(self.calls) - 1, call.id, call.name, call.arguments)

    @property
    def text(self) -> str:
        """The text so far."""
        return str(self.said)


async def close_turn(
    context: ServingContext,
    turn: OpenTurn,
    draft: AnswerDraft,
    *,
    retrieval: Retrieval,
    request: GenerationRequest,
    completed: Completed,
) -> HandoverOut | None:
    """Store answer, receipt and usage in one transaction: an answer is never there without its receipt.

    May be run again when it is not known whether it was committed.

    Raises:
        MessageNotFoundError: Its conversation was erased meanwhile.
        AnswerElsewhereError: Another process has begun it again.

    Returns:
        The hand-over that the bot asked for because it did not know too often; None otherwise.
    """
    async with async_organization_session(context.engine, turn.actor.organization_id) as session:
        if not await _finish_message(session, turn, MessageState.COMPLETE, draft.text):
            await _check_written(session, turn)
            return None  # an earlier try has written it; only the word that it did was lost
        charge = charge_of(draft.answerer, completed.usage)
        owes = not (draft.is_cached or draft.is_charged)  # else nobody was called, or it was charged when they were
        if owes:
            draft.charge, draft.usage = charge, completed.usage
        if draft.reservation is not None:
            await settle(session, draft.reservation.entry_id, charge)
        row = _receipt(turn, draft, retrieval, request, completed, charge)
        written = NewRows()
        written.add("receipt", row)
        if owes:
            written.add("usage", _usage(turn, charge, completed.usage))
        for passage in _passages(row, retrieval, draft):
            written.add(f"passage_{passage.rank}", passage)
        await record_event(
            session, context.live, turn.conversation_id, MESSAGE_CREATED, beside=written,
            message_id=str(turn.message_id), author=MessageAuthor.BOT,
        )  # fmt: skip
        if not completed.is_refused:
            return None
        return await refused_too_often(
            context, session, turn.actor, turn.conversation_id, turn.config.handover, answer_id=turn.message_id
        )


async def give_up_turn(
    context: ServingContext, turn: OpenTurn, draft: AnswerDraft, *, state: MessageState, error_type: str | None
) -> None:
    """Keep what was answered so far, marked as cancelled or failed, and charge what its provider will ask for.

    May be run again when it is not known whether it was committed.
    """
    async with async_organization_session(context.engine, turn.actor.organization_id) as session:
        is_finished = await _finish_message(session, turn, state, draft.text, error_type)
        if draft.request is None or (not is_finished and await _is_written(session, turn)):
            return
        if draft.routed is None:
            if draft.reservation is not None:
                await release(session, draft.reservation.entry_id)
            return
        # The provider counts what it has said, whoever stopped listening.
        draft.usage = draft.usage or cut_usage(draft.routed, draft.request, draft.text)
        draft.charge = charge_of(draft.routed, draft.usage)
        draft.cut = draft.cut or _usage(turn, draft.charge, draft.usage)
        await record_usage(session, draft.cut)
        if draft.reservation is not None:
            await settle(session, draft.reservation.entry_id, draft.charge)


async def _finish_message(
    session: AsyncSession, turn: OpenTurn, state: MessageState, text: str, error_type: str | None = None
) -> bool:
    """Whether the answer was still to be finished, and by this turn.

    It is not when it has been finished, nor when another process has begun it again. Only columns of its own row are looked
    at: a row that somebody else holds is looked at again when they let go of it, other tables are not.
    """
    changed = {"of": turn.message_id, "written": turn.generation, "to": state, "text": text, "error": error_type}
    finished = await session.execute(_FINISH, changed)
    return bool(finished.rowcount)  # type: ignore[attr-defined]


async def _check_written(session: AsyncSession, turn: OpenTurn) -> None:
    """Say why an answer cannot be written, unless an earlier try has written it."""
    if await _is_written(session, turn):
        return
    if await session.scalar(select(Message.id).where(Message.id == turn.message_id)) is None:
        raise MessageNotFoundError("The conversation was erased while its answer was written")
    raise AnswerElsewhereError


async def _is_written(session: AsyncSession, turn: OpenTurn) -> bool:
    """Whether this turn's answer has its receipt; one that another process has begun again is not this turn's."""
    generation = await session.scalar(select(Message.generation).where(Message.id == turn.message_id))
    return generation == turn.generation and await repository.has_receipt(session, turn.message_id)


def _usage(turn: OpenTurn, charge: Charge, usage: TokenUsage) -> UsageRecord:
    return usage_record(turn.actor, charge, usage, chatbot_id=turn.chatbot_id, message_id=turn.message_id)


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
        standalone_question=draft.searched_for if draft.searched_for != turn.question else None,
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
        understanding=draft.understood,
        guard_decisions={**completed.decisions, **_remembered(turn, draft), **_translated(draft, completed)},
    )


def _translated(draft: AnswerDraft, completed: Completed) -> dict[str, object]:
    """What was translated: the question before the search, and quotes after it."""
    of_answer = completed.decisions.get("translation")
    found = {**draft.translation, **(of_answer if isinstance(of_answer, dict) else {})}
    return {"translation": found} if found else {}


def _remembered(turn: OpenTurn, draft: AnswerDraft) -> dict[str, object]:
    """What of the conversation went into the answer, by ids."""
    found = dict(turn.memory.as_json())
    if draft.standalone is not None and draft.standalone.is_rewritten:
        found["rewriting"] = draft.standalone.as_json()
    return {"memory": found} if found else {}


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
