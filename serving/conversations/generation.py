"""From a request to an answer's events: from the cache when the very same prompt was answered, else from the provider."""

from collections.abc import AsyncIterator

from opentelemetry.trace import Span

from serving.context import ServingContext
from serving.conversations.answer_cache import CachedAnswer, CacheKey, cache_key
from serving.conversations.turns import OpenTurn
from serving.inference.grounding.grounded import Grounding
from serving.inference.prompts.rendering import prompt_hash
from serving.inference.provider import Citation, Completed, Event, GenerationRequest, TextDelta, TokenUsage
from serving.retrieval.passage import Retrieval
from serving.telemetry import metrics
from serving.telemetry.tracing import Attribute, span

EXTRACTIVE = "extractive"


async def generate(
    context: ServingContext,
    turn: OpenTurn,
    retrieval: Retrieval,
    request: GenerationRequest,
    *,
    parent: Span | None = None,
) -> AsyncIterator[Event]:
    """Answer a request, held against its passages; `Completed` comes last.

    Raises:
        ProviderError: The provider failed.
    """
    key = _key(turn, retrieval, request)
    cached = context.answers.get(key) if key is not None else None
    if key is not None:
        metrics.CACHE.labels("hit" if cached else "miss").inc()
    if cached is not None:
        for said in cached.events:
            yield said
        yield _again(cached)
        return
    kept: list[TextDelta | Citation] = []
    with span(f"chat {request.model}", _attributes(turn, request), parent=parent) as calling:
        async for event in _provided(context, turn, request):
            if isinstance(event, TextDelta | Citation):
                kept.append(event)
            elif isinstance(event, Completed):
                _tell(calling, event)
            yield event
            if isinstance(event, Completed) and key is not None:
                documents = frozenset(passage.document_id for passage in retrieval.passages)
                answer = CachedAnswer(turn.message_id, _joined(kept), event, turn.config.provider, documents)
                context.answers.put(key, answer)


def _attributes(turn: OpenTurn, request: GenerationRequest) -> dict[str, Attribute]:
    """Names of OpenTelemetry's conventions for generative AI."""
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": turn.config.provider,
        "gen_ai.request.model": request.model,
        "gen_ai.conversation.id": str(turn.conversation_id),
    }


def _tell(calling: Span, event: Completed) -> None:
    calling.set_attribute("gen_ai.response.model", event.model)
    calling.set_attribute("gen_ai.response.finish_reasons", [event.finish_reason.value])
    calling.set_attribute("gen_ai.usage.input_tokens", event.usage.prompt_tokens)
    calling.set_attribute("gen_ai.usage.output_tokens", event.usage.completion_tokens)


def _provided(context: ServingContext, turn: OpenTurn, request: GenerationRequest) -> AsyncIterator[Event]:
    provider = context.providers[turn.config.provider]
    grounding = Grounding(
        request,
        cites_itself=provider.name == EXTRACTIVE,
        must_cite=turn.config.answers_from == "documents",
        allowed_hosts=turn.config.allowed_link_hosts,
    )
    return grounding.passed(provider.stream(request))


def _key(turn: OpenTurn, retrieval: Retrieval, request: GenerationRequest) -> CacheKey | None:
    """None for an answer that must be made anew: the bot says so, sampling is on, or it was begun again."""
    is_sampled = turn.config.provider != EXTRACTIVE and request.parameters.get("temperature") != 0
    if not turn.config.caches_answers or is_sampled or turn.generation:
        return None
    groups = turn.actor.group_ids
    return cache_key(
        organization_id=turn.actor.organization_id,
        group_ids=groups,
        index_version_id=retrieval.index_version_id,
        prompt_hash=prompt_hash(request.messages),
        question=request.question,
        chatbot_version_id=turn.chatbot_version_id,
        models=[f"{turn.config.provider}/{turn.config.model}"],
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
    return Completed(cached.completed.finish_reason, TokenUsage(0, 0), cached.completed.model, decisions=decisions)
