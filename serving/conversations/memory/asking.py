"""One short text from the bot's own model, reserved before and settled after like an answer."""

import time
import uuid

import structlog

from serving.billing.charging import charge_of, is_paid, most_of
from serving.billing.errors import BudgetExceededError
from serving.billing.ledger import release, reserve, settle
from serving.context import ServingContext
from serving.conversations.answer_cache import cache_salt
from serving.conversations.turns import OpenTurn
from serving.inference.errors import ProviderError
from serving.inference.prompts.rendering import RenderedPrompt
from serving.inference.provider import Completed, FinishReason, GenerationRequest, JsonSchema, TextDelta
from serving.inference.routing.route import Route, Routed
from serving.telemetry.observation import observe_charge
from storage.postgres.models.usage_record import UsageRecord
from storage.postgres.session import async_organization_session

# An answer waits for it: a model that takes longer is not worth it.
MOST_S = 8.0
MOST_TOKENS = 300
_EXTRACTIVE = "extractive"

log = structlog.get_logger(__name__)


async def ask_model(
    context: ServingContext, turn: OpenTurn, prompt: RenderedPrompt, *, schema: JsonSchema | None = None
) -> str | None:
    """A text from the bot's model; None when it has none, or nothing usable came.

    Args:
        context: The process's context.
        turn: The turn that it is for: its bot's models are asked, and its asker's budgets are charged.
        prompt: What the model reads.
        schema: What the text must look like, if it is JSON.
    """
    models = tuple(one for one in turn.route.candidates if one.provider.name != _EXTRACTIVE)
    if not models:
        return None
    route = Route(models, rule=turn.route.rule, least_quality=turn.route.least_quality, total_s=MOST_S)
    request = GenerationRequest(
        question=turn.question,
        evidence=(),
        model=turn.config.model,
        messages=prompt.messages,
        prompt_template=prompt.template,
        parameters={"temperature": 0, "max_tokens": MOST_TOKENS},
        response_schema=schema,
        cache_salt=cache_salt(turn.actor.organization_id),
        deadline=time.monotonic() + MOST_S,
    )
    try:
        return await _asked(context, turn, route, request)
    except (ProviderError, BudgetExceededError) as error:
        log.warning("memory_model_failed", message_id=str(turn.message_id), error=type(error).__name__)
        return None


async def _asked(context: ServingContext, turn: OpenTurn, route: Route, request: GenerationRequest) -> str | None:
    entry: uuid.UUID | None = None
    if turn.is_budgeted or is_paid(route):
        most, _ = most_of(route, request)
        async with async_organization_session(context.engine, turn.actor.organization_id) as session:
            entry = await reserve(
                session, turn.actor, chatbot_id=turn.chatbot_id, message_id=turn.message_id, most=most
            )
    parts: list[str] = []
    routed: Routed | None = None
    completed: Completed | None = None
    try:
        async for event in context.router.stream(request, route):
            if isinstance(event, Routed):
                routed = event
            elif isinstance(event, TextDelta):
                parts.append(event.text)
            elif isinstance(event, Completed):
                completed = event
    finally:
        await _settled(context, turn, entry, routed, completed)
    if completed is None or completed.finish_reason is not FinishReason.STOP:
        return None
    return "".join(parts).strip() or None


async def _settled(
    context: ServingContext, turn: OpenTurn, entry: uuid.UUID | None, routed: Routed | None, completed: Completed | None
) -> None:
    async with async_organization_session(context.engine, turn.actor.organization_id) as session:
        if routed is None or completed is None:
            if entry is not None:
                await release(session, entry)
            return
        charge = charge_of(routed, completed.usage)
        if entry is not None:
            await settle(session, entry, charge)
        session.add(
            UsageRecord(
                organization_id=turn.actor.organization_id,
                message_id=turn.message_id,
                chatbot_id=turn.chatbot_id,
                user_id=turn.actor.user_id,
                api_key_id=turn.actor.api_key_id,
                provider=routed.provider,
                model=routed.model,
                prompt_tokens=completed.usage.prompt_tokens,
                completion_tokens=completed.usage.completion_tokens,
                cost_usd=charge.amount.usd,
            )
        )
    observe_charge(charge, completed.usage)
