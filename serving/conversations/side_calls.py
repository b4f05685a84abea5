"""Texts from the bot's own models beside the answer, each reserved before and settled after like an answer."""

import asyncio
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, cast

import anyio

from serving.billing.charging import charge_of, is_paid, most_of
from serving.billing.errors import BudgetExceededError
from serving.billing.ledger import release, reserve, settle
from serving.context import ServingContext
from serving.conversations.answer_cache import cache_salt
from serving.conversations.turns import OpenTurn
from serving.inference.errors import ProviderError, ProviderErrorKind
from serving.inference.provider import Completed, Event, GenerationRequest
from serving.inference.routing.route import Route, Routed
from serving.telemetry.observation import observe_charge
from storage.postgres.models.usage_record import UsageRecord
from storage.postgres.session import async_organization_session

# An answer waits for it: a model that takes longer is not worth it.
MOST_S = 8.0
MOST_TOKENS = 300
_EXTRACTIVE = "extractive"


@dataclass(frozen=True)
class SideCall:
    """One call that came to its end: who answered and what it cost."""

    provider: str
    model: str
    cost_usd: Decimal

    def as_json(self) -> dict[str, Any]:
        """For receipts."""
        return {"provider": self.provider, "model": self.model, "cost_usd": float(self.cost_usd)}


class BotModel:
    """The models of a bot as one provider: asked along its route, charged to the asker's budgets, never the extractive one.

    Attributes:
        calls: The calls that came to their end, in order.
    """

    name = "bot"

    def __init__(self, context: ServingContext, turn: OpenTurn, route: Route, *, most_tokens: int) -> None:
        self._context, self._turn, self._route, self._most_tokens = context, turn, route, most_tokens
        self.calls: list[SideCall] = []

    async def stream(self, request: GenerationRequest) -> AsyncIterator[Event]:
        """Answer a request within `MOST_S` seconds.

        Raises:
            ProviderError: Nobody answered, or a budget leaves no room for it.
        """
        request = replace(
            request,
            parameters={**request.parameters, "max_tokens": self._most_tokens},
            cache_salt=cache_salt(self._turn.actor.organization_id),
            deadline=time.monotonic() + MOST_S,
        )
        entry = await self._reserved(request)
        routed: Routed | None = None
        is_settled = False
        try:
            answered = cast("AsyncGenerator[Routed | Event, None]", self._context.router.stream(request, self._route))
            async with aclosing(answered) as events:
                async for event in events:
                    if isinstance(event, Routed):
                        routed = event
                        continue
                    if isinstance(event, Completed) and routed is not None:
                        # Before the reader has it, who may not come back for more; and whole, whoever is cancelled now.
                        is_settled = True
                        await asyncio.shield(asyncio.ensure_future(self._settle(entry, routed, event)))
                    yield event
        finally:
            if not is_settled and entry is not None:
                with anyio.CancelScope(shield=True):
                    await self._release(entry)

    async def _reserved(self, request: GenerationRequest) -> uuid.UUID | None:
        turn = self._turn
        if not (turn.is_budgeted or is_paid(self._route)):
            return None
        most, _ = most_of(self._route, request)
        try:
            async with async_organization_session(self._context.engine, turn.actor.organization_id) as session:
                return await reserve(
                    session, turn.actor, chatbot_id=turn.chatbot_id, message_id=turn.message_id, most=most
                )
        except BudgetExceededError as error:
            raise ProviderError(str(error), kind=ProviderErrorKind.OUT_OF_CREDIT) from error

    async def _release(self, entry: uuid.UUID) -> None:
        async with async_organization_session(self._context.engine, self._turn.actor.organization_id) as session:
            await release(session, entry)

    async def _settle(self, entry: uuid.UUID | None, routed: Routed, completed: Completed) -> None:
        turn = self._turn
        charge = charge_of(routed, completed.usage)
        self.calls.append(SideCall(routed.provider, routed.model, charge.amount.usd))
        async with async_organization_session(self._context.engine, turn.actor.organization_id) as session:
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


def bot_model(context: ServingContext, turn: OpenTurn, *, most_tokens: int = MOST_TOKENS) -> BotModel | None:
    """The models of a turn's bot; None when it has none that can be asked.

    Args:
        context: The process's context.
        turn: The turn that it is for.
        most_tokens: The longest text that is asked for.
    """
    models = tuple(one for one in turn.route.candidates if one.provider.name != _EXTRACTIVE)
    if not models:
        return None
    asked = Route(models, rule=turn.route.rule, least_quality=turn.route.least_quality, total_s=MOST_S)
    return BotModel(context, turn, asked, most_tokens=most_tokens)
