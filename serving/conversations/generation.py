"""From a request to an answer's events: from the cache when the very same prompt was answered, else along the bot's route."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, cast

from opentelemetry.trace import Span

from serving.billing.charging import Reservation, is_paid, most_of
from serving.billing.errors import BudgetExceededError
from serving.billing.ledger import reserve
from serving.context import ServingContext
from serving.conversations.answer_cache import CachedAnswer, CacheKey, cache_key
from serving.conversations.translating import in_askers_language
from serving.conversations.turns import AnswerDraft, OpenTurn
from serving.inference.extractive import EXTRACTIVE
from serving.inference.grounding.grounded import Grounding
from serving.inference.prompts.rendering import prompt_hash
from serving.inference.provider import Citation, Completed, Event, GenerationRequest, TextDelta, TokenUsage
from serving.inference.routing.route import Route, Routed
from serving.retrieval.passage import Retrieval
from serving.telemetry import metrics
from serving.telemetry.tracing import span
from storage.postgres.session import async_organization_session


async def generate(
    context: ServingContext,
    turn: OpenTurn,
    draft: AnswerDraft,
    retrieval: Retrieval,
    request: GenerationRequest,
    *,
    parent: Span | None = None,
) -> AsyncIterator[Event]:
    """Answer a request, held against its passages; `Completed` comes last.

    Who answers is written into the draft, and what the cache is to keep once the answer is stored.

    Raises:
        BudgetExceededError: A budget leaves no room for it; nothing was called.
        ProviderError: Nobody answered, or whoever did broke off.
    """
    route = turn.route
    key = _key(turn, retrieval, request, route)
    cached = context.answers.get(key) if key is not None else None
    if key is not None:
        metrics.CACHE.labels("hit" if cached else "miss").inc()
    if cached is not None:
        draft.routed, draft.is_cached = cached.routed, True
        for said in cached.events:
            yield said
        yield _again(cached)
        return
    draft.request = request
    if turn.is_budgeted or is_paid(route):
        try:
            draft.reservation = await _reserved(context, turn, route, request)
        except BudgetExceededError as error:
            raise error.told_in(request.language) from error
    kept: list[TextDelta | Citation] = []
    with span("chat", {"gen_ai.operation.name": "chat"}, parent=parent) as calling:
        async for event in _called(context, turn, draft, request, route):
            if isinstance(event, TextDelta | Citation):
                if key is not None:
                    kept.append(event)
            elif isinstance(event, Completed):
                draft.usage = event.usage
                _tell(calling, draft.answerer, event)
                if key is not None:
                    answer = CachedAnswer(turn.message_id, _joined(kept), event, draft.answerer, draft.begun_at)
                    draft.to_cache = (key, answer)
            yield event


async def _called(
    context: ServingContext, turn: OpenTurn, draft: AnswerDraft, request: GenerationRequest, route: Route
) -> AsyncIterator[Event]:
    grounding = Grounding(
        request,
        must_cite=turn.config.answers_from == "documents",
        allowed_hosts=turn.config.allowed_link_hosts,
    )
    async with aclosing(cast("Any", context.router.stream(request, route))) as events:
        # Translated before it is grounded: what a model makes of quotes is filtered like all that a model writes.
        async for event in in_askers_language(context, turn, draft, _routed(events, draft, grounding)):
            for passed in grounding.take(event):
                yield passed


async def _routed(
    events: AsyncIterator[Routed | Event], draft: AnswerDraft, grounding: Grounding
) -> AsyncIterator[Event]:
    async for event in events:
        if isinstance(event, Routed):
            draft.routed = event
            grounding.cites_itself = event.provider == EXTRACTIVE
        else:
            yield event


async def _reserved(context: ServingContext, turn: OpenTurn, route: Route, request: GenerationRequest) -> Reservation:
    most = most_of(route, request)
    async with async_organization_session(context.engine, turn.actor.organization_id) as session:
        entry = await reserve(session, turn.actor, chatbot_id=turn.chatbot_id, message_id=turn.message_id, most=most)
    return Reservation(entry, most)


def _tell(calling: Span, routed: Routed, event: Completed) -> None:
    """Names of OpenTelemetry's conventions for generative AI."""
    calling.update_name(f"chat {routed.model}")
    calling.set_attribute("gen_ai.provider.name", routed.provider)
    calling.set_attribute("gen_ai.request.model", routed.model)
    calling.set_attribute("gen_ai.response.model", event.model)
    calling.set_attribute("gen_ai.response.finish_reasons", [event.finish_reason.value])
    calling.set_attribute("gen_ai.usage.input_tokens", event.usage.prompt_tokens)
    calling.set_attribute("gen_ai.usage.output_tokens", event.usage.completion_tokens)


def _key(turn: OpenTurn, retrieval: Retrieval, request: GenerationRequest, route: Route) -> CacheKey | None:
    """None for an answer that must be made anew: the bot says so, sampling is on, it has tools, or is begun or tried again."""
    models = [*route.candidates, *([route.last_resort] if route.last_resort else [])]
    is_sampled = any(
        one.provider.name != EXTRACTIVE and one.parameters_for(request.parameters).get("temperature") != 0
        for one in models
    )
    if not turn.config.caches_answers or is_sampled or turn.generation or turn.is_retry or request.tools:
        return None
    return cache_key(
        organization_id=turn.actor.organization_id,
        group_ids=turn.actor.group_ids,
        index_version_id=retrieval.index_version_id,
        prompt_hash=prompt_hash(request.messages),
        question=request.question,
        chatbot_version_id=turn.chatbot_version_id,
        models=[f"{one.provider.name}/{one.model}/{one.model_id}/{sorted(one.parameters.items())}" for one in models],
        parameters=request.parameters,
    )


def _joined(events: list[TextDelta | Citation]) -> tuple[TextDelta | Citation, ...]:
    """The events with text that follows text in one piece."""
    joined: list[TextDelta | Citation] = []
    texts: list[str] = []
    for event in events:
        if isinstance(event, TextDelta):
            texts.append(event.text)
            continue
        if texts:
            joined.append(TextDelta("".join(texts)))
            texts.clear()
        joined.append(event)
    return (*joined, TextDelta("".join(texts))) if texts else tuple(joined)


def _again(cached: CachedAnswer) -> Completed:
    decisions = {**cached.completed.decisions, "cache": {"first_given_in": str(cached.message_id)}}
    translation = decisions.get("translation")
    if isinstance(translation, dict):
        # It was paid for once, in the receipt of the answer that it was made for.
        decisions["translation"] = {part: {**told, "cost_usd": 0.0} for part, told in translation.items()}
    return Completed(cached.completed.finish_reason, TokenUsage(0, 0), cached.completed.model, decisions=decisions)
