"""From a question to an answer with its receipt, as a stream of events."""

import time
import uuid
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import anyio
import structlog

from serving.accounts.principal import Actor
from serving.context import ServingContext
from serving.conversations.errors import AnswererFailedError
from serving.conversations.schemas import AnswerOut, CitationOut
from serving.conversations.turns import AnswerDraft, OpenTurn, close_turn, give_up_turn, open_turn
from serving.inference.errors import ProviderError
from serving.inference.prompts.rendering import grounded
from serving.inference.provider import (
    Citation,
    Completed,
    Evidence,
    GenerationRequest,
    TextDelta,
    Turn,
)
from serving.language.identify import identify
from serving.retrieval.passage import Retrieval
from serving.retrieval.service import retrieve
from storage.postgres.models.message import MessageState

RELATED = 3

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class AnswerStarted:
    """The question is stored; its answer will have this id."""

    conversation_id: uuid.UUID
    question_id: uuid.UUID
    message_id: uuid.UUID


@dataclass(frozen=True)
class AnswerDelta:
    """More text."""

    text: str


AnswerEvent = AnswerStarted | AnswerDelta | CitationOut | AnswerOut


async def answer(
    context: ServingContext,
    actor: Actor,
    conversation_id: uuid.UUID,
    question: str,
    *,
    history: tuple[Turn, ...] = (),
) -> AsyncGenerator[AnswerEvent, None]:
    """Answer a question of a conversation; `AnswerOut` comes last, after answer and receipt are committed.

    A consumer that goes away leaves the message cancelled with the text so far; an error leaves it failed.

    Raises:
        ApiError: From the turn, from retrieval, or from the provider (`AnswererFailedError`).
    """
    started = time.perf_counter()
    turn = await open_turn(context, actor, conversation_id, question)
    draft = AnswerDraft(latencies_ms={"open": _ms(started)})
    outcome, error_type = MessageState.CANCELLED, None
    try:
        yield AnswerStarted(turn.conversation_id, turn.question_id, turn.message_id)
        async for event in _generate(context, turn, draft, history, started):
            if isinstance(event, AnswerOut):
                outcome = MessageState.COMPLETE
            yield event
    except (Exception, ExceptionGroup) as error:
        outcome, error_type = MessageState.FAILED, type(error).__name__
        raise
    finally:
        if outcome is not MessageState.COMPLETE:
            # Also when the client went away: the transaction must not be cancelled with it.
            with anyio.CancelScope(shield=True):
                await give_up_turn(context, turn, draft, state=outcome, error_type=error_type)


async def _generate(
    context: ServingContext, turn: OpenTurn, draft: AnswerDraft, history: tuple[Turn, ...], started: float
) -> AsyncGenerator[AnswerEvent, None]:
    retrieval = await retrieve(
        context,
        turn.actor.organization_id,
        turn.question,
        knowledge_base_ids=turn.knowledge_base_ids,
        settings=turn.retrieval_settings,
    )
    draft.latencies_ms |= retrieval.latencies_ms
    request = _request(turn, retrieval, history)
    generating = time.perf_counter()
    completed: Completed | None = None
    try:
        async for event in context.providers[turn.config.provider].stream(request):
            if isinstance(event, TextDelta):
                draft.latencies_ms.setdefault("first_token", _ms(started))
                draft.text += event.text
                yield AnswerDelta(event.text)
            elif isinstance(event, Citation):
                draft.quotes.setdefault(event.number, []).append(event.quote)
                yield _citation(retrieval, event.number, draft)
            elif isinstance(event, Completed):
                completed = event
    except ProviderError as error:
        raise AnswererFailedError(str(error)) from error
    if completed is None:
        raise AnswererFailedError("The answerer ended without saying why")
    draft.latencies_ms |= {"generate": _ms(generating), "total": _ms(started)}
    await close_turn(context, turn, draft, retrieval=retrieval, request=request, completed=completed)
    log.info(
        "answer_completed",
        message_id=str(turn.message_id),
        chatbot_id=str(turn.chatbot_id),
        is_refused=completed.is_refused,
        passages=len(retrieval.passages),
        total_ms=round(_ms(started), 1),
    )
    yield AnswerOut(
        message_id=turn.message_id,
        conversation_id=turn.conversation_id,
        question_id=turn.question_id,
        content=draft.text,
        is_refused=completed.is_refused,
        citations=[_citation(retrieval, number, draft) for number in sorted(draft.quotes)],
        related=_related(retrieval, draft) if completed.is_refused else [],
        receipt_url=f"/api/v1/messages/{turn.message_id}/receipt",
        prompt_tokens=completed.usage.prompt_tokens,
        completion_tokens=completed.usage.completion_tokens,
    )


def _request(turn: OpenTurn, retrieval: Retrieval, history: tuple[Turn, ...]) -> GenerationRequest:
    evidence = tuple(
        Evidence(p.rank, p.chunk_id, p.document_name, p.text, p.heading_path, p.similarity) for p in retrieval.passages
    )
    prompt = grounded(turn.question, evidence, system_prompt=turn.config.system_prompt, history=history)
    return GenerationRequest(
        question=turn.question,
        evidence=evidence,
        model=turn.config.model,
        messages=prompt.messages,
        prompt_template=prompt.template,
        system_prompt=turn.config.system_prompt,
        history=history,
        language=identify(turn.question),
        parameters=dict(turn.config.parameters),
    )


def _citation(retrieval: Retrieval, number: int, draft: AnswerDraft) -> CitationOut:
    passage = retrieval.passages[number - 1]
    return CitationOut(
        number=number,
        chunk_id=passage.chunk_id,
        document_id=passage.document_id,
        document_name=passage.document_name,
        page=passage.page_start,
        heading_path=list(passage.heading_path),
        char_start=passage.char_start,
        char_end=passage.char_end,
        score=round(passage.similarity, 6),
        quotes=draft.quotes.get(number, []),
        url=f"/api/v1/passages/{passage.chunk_id}",
    )


def _related(retrieval: Retrieval, draft: AnswerDraft) -> list[CitationOut]:
    """The closest passages, one per document: a refusal leaves people with somewhere to look."""
    first = {passage.document_id: passage.rank for passage in reversed(retrieval.passages)}
    return [_citation(retrieval, rank, draft) for rank in sorted(first.values())[:RELATED]]


def _ms(since: float) -> float:
    return (time.perf_counter() - since) * 1000
