"""From an open turn to an answer with its receipt, as a stream of events."""

import time
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import structlog
from anyio import to_thread
from opentelemetry.trace import Span

from ingestion.language.identification import Identification, identify_language
from serving.context import ServingContext
from serving.conversations.answer_cache import cache_salt
from serving.conversations.citations import related_ranks, suggestions_of
from serving.conversations.errors import AnswererFailedError
from serving.conversations.events import AnswerDelta, AnswerEvent, AnswerReset, AnswerStarted, Ending
from serving.conversations.generation import generate
from serving.conversations.handovers.schemas import HandoverOut
from serving.conversations.memory.facts.by_model import learn_facts, states_something
from serving.conversations.memory.recall import history as turns_as_history
from serving.conversations.memory.rewriting import as_standalone
from serving.conversations.memory.summarizing import summarize, turns_to_summarize
from serving.conversations.schemas import AnswerOut, CitationOut
from serving.conversations.streams.text import GrowingText
from serving.conversations.tools.choosing import Chosen, choose_tools
from serving.conversations.tools.toolbox import Toolbox, called_of
from serving.conversations.translating import LEAST_CONFIDENCE, Searched, as_searched, translated_from
from serving.conversations.turns import AnswerDraft, HandedOver, OpenTurn, close_turn, give_up_turn
from serving.conversations.understanding import QuestionUnderstanding
from serving.inference.errors import ProviderError
from serving.inference.prompts.rendering import PASSAGES_LANGUAGE, QUESTIONS_LANGUAGE, grounded, plain, tool_choosing
from serving.inference.provider import Citation, Completed, Evidence, GenerationRequest, TextDelta, ToolCall, Turn
from serving.language.formats import language_name
from serving.retrieval.passage import Retrieval
from serving.retrieval.service import retrieve
from serving.telemetry.observation import observe, observe_charge
from serving.telemetry.tracing import span
from storage.postgres.models.message import MessageState

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Asked:
    """What the asker brings beside the question; `started` is `time.perf_counter()` then."""

    history: tuple[Turn, ...]
    parameters: Mapping[str, Any]
    started: float
    tools: Toolbox | None = None


async def answer(
    context: ServingContext,
    turn: OpenTurn,
    *,
    started: float,
    said: GrowingText,
    history: tuple[Turn, ...] = (),
    parameters: Mapping[str, Any] | None = None,
    tools: Toolbox | None = None,
    ending: Callable[[], Ending] = lambda: Ending.DISCONNECTED,
) -> AsyncGenerator[AnswerEvent, None]:
    """Answer the question of a turn; `AnswerOut` comes last, after answer and receipt are committed.

    Cancelled or closed early, the text so far is kept with the state that `ending` then gives; an error leaves the
    message failed.

    Args:
        context: The process's context.
        turn: The turn, opened or begun again.
        started: `time.perf_counter()` when it was asked for.
        said: The text of the events that were taken so far, which whoever takes them keeps.
        history: Earlier turns that the asker remembers.
        parameters: Sampling parameters that the asker wishes for.
        tools: Tools that the asker offers.
        ending: Why it is being ended, asked when it is.

    Raises:
        ApiError: From retrieval, or from the provider (`AnswererFailedError`).
    """
    draft = AnswerDraft(said=said, latencies_ms={"open": _ms(started)})
    if tools is not None:
        turn = replace(turn, route=turn.route.with_tools())
    outcome: MessageState | None = None
    error_type: str | None = None
    try:
        yield AnswerStarted(turn.conversation_id, turn.question_id, turn.message_id)
        if turn.generation:
            yield AnswerReset("The answer was interrupted and begins again")
        with span("answer", {"pixel.message_id": str(turn.message_id)}) as whole:
            asked = _Asked(history, dict(parameters or {}), started, tools)
            async for event in _generate(context, turn, draft, asked, whole):
                yield event
    except (Exception, ExceptionGroup) as error:
        outcome, error_type = MessageState.FAILED, type(error).__name__
        raise
    finally:
        why = ending()
        outcome = MessageState.COMPLETE if draft.is_closed else outcome
        observe(outcome or why.state, draft.routed.provider if draft.routed else "none", draft.latencies_ms)
        if draft.beside is not None:
            draft.beside.cancel()
        if outcome is not MessageState.COMPLETE:
            # Also when the task is cancelled, once more even: the transaction must not be cancelled with it.
            state, reason = outcome or why.state, error_type or why.name.title()
            closing = context.streams.closing
            await closing.finish(
                lambda: closing.run(lambda: give_up_turn(context, turn, draft, state=state, error_type=reason))
            )
        if draft.charge is not None and draft.usage is not None:
            observe_charge(draft.charge, draft.usage)


async def pass_on(turn: HandedOver) -> AsyncGenerator[AnswerEvent, None]:
    """What is told of a question that a person is to answer: that they will."""
    yield AnswerStarted(turn.conversation_id, turn.question_id, turn.message_id)
    yield AnswerDelta(turn.notice)
    yield AnswerOut(
        message_id=turn.message_id,
        conversation_id=turn.conversation_id,
        question_id=turn.question_id,
        content=turn.notice,
        is_refused=False,
        citations=[],
        receipt_url=None,
        prompt_tokens=0,
        completion_tokens=0,
        handover=turn.handover,
    )


async def _generate(
    context: ServingContext,
    turn: OpenTurn,
    draft: AnswerDraft,
    asked: _Asked,
    parent: Span,
) -> AsyncGenerator[AnswerEvent, None]:
    remembering = time.perf_counter()
    asked = await _with_history(context, turn, asked)
    draft.standalone = await as_standalone(context, turn, asked.history)
    draft.latencies_ms["memory"] = _ms(remembering)
    question = draft.standalone.question
    understanding = _understanding(context, turn, draft, question)
    asker = await to_thread.run_sync(_asker_language, turn.question, question)
    chosen = await _chosen(context, turn, draft, asked, asker)
    if chosen is not None and chosen.calls:
        retrieval, request, events = Retrieval((), None, turn.retrieval_settings), chosen.request, chosen.events()
    else:
        searched = await _searched(context, turn, draft, question)
        retrieval = await _retrieved(context, turn, searched.question, parent)
        draft.latencies_ms |= retrieval.latencies_ms
        if understanding is not None:
            understanding.searched(retrieval.question_vector if searched.question == question else None)
        request = _request(turn, retrieval, asked, searched, asker)
        if chosen is not None:
            request = replace(request, deadline=chosen.deadline)
        events = generate(context, turn, draft, retrieval, request, parent=parent)
    started = asked.started
    generating = time.perf_counter()
    completed: Completed | None = None
    try:
        async for event in events:
            if isinstance(event, TextDelta):
                draft.latencies_ms.setdefault("first_token", _ms(started))
                yield AnswerDelta(event.text)
            elif isinstance(event, Citation):
                draft.quotes.setdefault(event.number, []).append(event.quote)
                yield _citation(retrieval, event.number, draft)
            elif isinstance(event, ToolCall):
                yield draft.call(event)
            elif isinstance(event, Completed):
                completed = event
    except ProviderError as error:
        raise AnswererFailedError(str(error)) from error
    if completed is None:
        raise AnswererFailedError("The answerer ended without saying why")
    draft.latencies_ms["generate"] = _ms(generating)
    ended = _with_tools(completed, draft, asked, chosen)

    async def store() -> HandoverOut | None:
        if understanding is not None:
            draft.understood = await understanding.found()
        draft.latencies_ms["total"] = _ms(started)
        return await context.streams.closing.run(
            lambda: close_turn(context, turn, draft, retrieval=retrieval, request=request, completed=ended)
        )

    # All of it is there: whoever leaves or restarts now, it is kept as an answer.
    handover = await context.streams.closing.finish(store)
    draft.is_closed = True
    if draft.to_cache is not None:
        context.answers.put(*draft.to_cache)
    if turns_to_summarize(turn):
        context.beside.start("summarize", lambda: summarize(context, turn))
    if turn.is_remembered and turn.config.routing.candidates and states_something(turn.question):
        context.beside.start("learn_facts", lambda: learn_facts(context, turn))
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
        suggestions=suggestions_of((p.heading_path, p.document_name) for p in retrieval.passages)
        if completed.is_refused
        else [],
        receipt_url=f"/api/v1/messages/{turn.message_id}/receipt",
        prompt_tokens=completed.usage.prompt_tokens,
        completion_tokens=completed.usage.completion_tokens,
        handover=handover,
        translated_from=translated_from(completed.decisions),
        finish_reason=completed.finish_reason,
        tool_calls=called_of(ended.decisions),
    )


async def _chosen(
    context: ServingContext, turn: OpenTurn, draft: AnswerDraft, asked: _Asked, asker: Identification
) -> Chosen | None:
    """The tools that are chosen before a passage is read; None where none may be called, or nothing but the question is read."""
    tools = asked.tools
    if tools is None or not tools.may_call or turn.config.answers_from != "documents":
        return None
    choosing = time.perf_counter()
    prompt = tool_choosing(
        turn.question, system_prompt=turn.config.system_prompt, history=asked.history, said=tools.said
    )
    request = GenerationRequest(
        question=turn.question,
        evidence=(),
        model=turn.config.model,
        messages=prompt.messages,
        prompt_template=prompt.template,
        language=asker.language,
        parameters=asked.parameters,
    )
    chosen = await choose_tools(context, turn, tools.offer(request))
    draft.latencies_ms["tools"] = _ms(choosing)
    if chosen.calls:
        draft.routed, draft.is_charged = chosen.routed, True
    return chosen


def _with_tools(completed: Completed, draft: AnswerDraft, asked: _Asked, chosen: Chosen | None) -> Completed:
    """The end of an answer, whose receipt tells of the tools that came with it."""
    if asked.tools is None:
        return completed
    told = asked.tools.as_json(draft.calls)
    if chosen is not None:
        told["choosing"] = [call.as_json() for call in chosen.charged]
    return replace(completed, decisions={**completed.decisions, "tools": told})


def _understanding(
    context: ServingContext, turn: OpenTurn, draft: AnswerDraft, question: str
) -> QuestionUnderstanding | None:
    if not turn.config.language.understands_questions:
        return None
    found = QuestionUnderstanding(context, turn, question)
    draft.beside = found.task
    return found


async def _searched(context: ServingContext, turn: OpenTurn, draft: AnswerDraft, question: str) -> Searched:
    translating = time.perf_counter()
    searched = await as_searched(context, turn, question)
    draft.searched_for = searched.question
    if searched.decision is not None:
        draft.translation["question"] = searched.decision
        draft.latencies_ms["translation"] = _ms(translating)
    return searched


async def _retrieved(context: ServingContext, turn: OpenTurn, question: str, parent: Span) -> Retrieval:
    if turn.config.answers_from != "documents":
        return Retrieval((), None, turn.retrieval_settings)
    with span("retrieve", parent=parent) as retrieving:
        retrieval = await retrieve(
            context,
            turn.actor.organization_id,
            question,
            knowledge_base_ids=turn.knowledge_base_ids,
            settings=turn.retrieval_settings,
        )
        retrieving.set_attribute("pixel.passages", len(retrieval.passages))
        return retrieval


async def _with_history(context: ServingContext, turn: OpenTurn, asked: _Asked) -> _Asked:
    """The turns that the asker remembers, else those that the conversation does."""
    if asked.history or not turn.memory.turns:
        return asked
    window = await to_thread.run_sync(turn.memory.window, context.embedder.count_tokens)
    return replace(asked, history=turns_as_history(window))


def _asker_language(question: str, standalone: str) -> Identification:
    """The language of what was typed; where that is too short to tell, of what it stands for. Blocking."""
    named = identify_language(question)
    return named if named.language is not None else identify_language(standalone)


def _reply_language(turn: OpenTurn, asker: Identification) -> str:
    """The language to answer in, as a model is told."""
    if turn.config.language.answers_in == "documents" and turn.config.answers_from == "documents":
        return PASSAGES_LANGUAGE
    if asker.language is None or asker.confidence < LEAST_CONFIDENCE:
        return QUESTIONS_LANGUAGE
    return f"{language_name(asker.language, 'en')}, {QUESTIONS_LANGUAGE}"


def _request(
    turn: OpenTurn, retrieval: Retrieval, asked: _Asked, searched: Searched, asker: Identification
) -> GenerationRequest:
    evidence = tuple(
        Evidence(p.rank, p.chunk_id, p.document_name, p.text, p.heading_path, p.similarity) for p in retrieval.passages
    )
    told: dict[str, Any] = {
        "system_prompt": turn.config.system_prompt,
        "history": asked.history,
        "notes": turn.memory.notes(),
        "reply_language": _reply_language(turn, asker),
        "said": asked.tools.said if asked.tools is not None else (),
    }
    if turn.config.answers_from == "documents":
        prompt = grounded(turn.question, evidence, **told)
    else:
        prompt = plain(turn.question, **told)
    request = GenerationRequest(
        question=searched.question,
        evidence=evidence,
        model=turn.config.model,
        messages=prompt.messages,
        prompt_template=prompt.template,
        system_prompt=turn.config.system_prompt,
        history=asked.history,
        language=asker.language,
        searched_language=searched.language,
        parameters=asked.parameters,
        cache_salt=cache_salt(turn.actor.organization_id),
    )
    if asked.tools is None:
        return request
    # Whoever has read a passage calls nothing: what a document asks for has no authority.
    has_documents = turn.config.answers_from == "documents"
    return asked.tools.withhold(request) if has_documents or not asked.tools.may_call else asked.tools.offer(request)


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
    ranks = related_ranks((passage.rank, passage.document_id) for passage in retrieval.passages)
    return [_citation(retrieval, rank, draft) for rank in ranks]


def _ms(since: float) -> float:
    return (time.perf_counter() - since) * 1000
