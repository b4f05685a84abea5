"""Texts from the bot's own models beside the answer, each reserved before and settled after like an answer."""

import asyncio
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, cast

import anyio
import structlog
from sqlalchemy.exc import SQLAlchemyError

from serving.billing.charging import charge_of, cut_usage, is_paid, most_of
from serving.billing.errors import BudgetExceededError
from serving.billing.ledger import release, reserve, settle
from serving.billing.usage import record_usage, usage_record
from serving.context import ServingContext
from serving.conversations.answer_cache import cache_salt
from serving.conversations.streams.patience import FINISH_S
from serving.conversations.turns import OpenTurn
from serving.errors import DATABASE_ERRORS
from serving.inference.errors import ProviderError, ProviderErrorKind
from serving.inference.extractive import EXTRACTIVE
from serving.inference.provider import Completed, Event, GenerationRequest, TextDelta, TokenUsage
from serving.inference.routing.route import Route, Routed
from serving.telemetry.observation import observe_charge
from storage.postgres.session import async_organization_session

# An answer waits for it: a model that takes longer is not worth it.
MOST_S = 8.0
MOST_TOKENS = 300
_FAILURES = (SQLAlchemyError, *DATABASE_ERRORS)
_NOT_WRITTEN = "What the call costs cannot be written down: the database does not answer"

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class SideCall:
    """One call that was charged: who answered and what it cost."""

    provider: str
    model: str
    cost_usd: Decimal

    def as_json(self) -> dict[str, Any]:
        """For receipts."""
        return {"provider": self.provider, "model": self.model, "cost_usd": float(self.cost_usd)}


class BotModel:
    """The models of a bot as one provider: asked along its route, charged to the asker's budgets, never the extractive one.

    Attributes:
        calls: The calls that were charged, in order; also those that were cut after their first word.
        routed: Who answered the latest request.
    """

    name = "bot"

    def __init__(
        self,
        context: ServingContext,
        turn: OpenTurn,
        route: Route,
        *,
        most_tokens: int | None,
        most_s: float = MOST_S,
    ) -> None:
        self._context, self._turn, self._route = context, turn, route
        self._most_tokens, self._most_s = most_tokens, most_s
        self.calls: list[SideCall] = []
        self.routed: Routed | None = None

    async def stream(self, request: GenerationRequest) -> AsyncIterator[Event]:
        """Answer a request within the seconds that were given.

        Raises:
            ProviderError: Nobody answered, a budget leaves no room for it, or what it costs cannot be written down.
        """
        longest = {} if self._most_tokens is None else {"max_tokens": self._most_tokens}
        request = replace(
            request,
            parameters={**request.parameters, **longest},
            cache_salt=cache_salt(self._turn.actor.organization_id),
            deadline=time.monotonic() + self._most_s,
        )
        entry = await self._reserved(request)
        routed: Routed | None = None
        said: list[str] = []
        is_settled = False
        try:
            answered = cast("AsyncGenerator[Routed | Event, None]", self._context.router.stream(request, self._route))
            async with aclosing(answered) as events:
                async for event in events:
                    if isinstance(event, Routed):
                        self.routed = routed = event
                        continue
                    if isinstance(event, TextDelta):
                        said.append(event.text)
                    if isinstance(event, Completed) and routed is not None:
                        # Before the reader has it, who may not come back for more.
                        is_settled = True
                        if not await self._to_its_end(self._settle(entry, routed, event.usage)):
                            raise ProviderError(_NOT_WRITTEN, kind=ProviderErrorKind.UNAVAILABLE)
                    yield event
        finally:
            if not is_settled and routed is not None:
                # The provider counts what it has said, whoever stopped listening.
                await self._to_its_end(self._settle(entry, routed, cut_usage(routed, request, "".join(said))))
            elif not is_settled and entry is not None:
                await self._to_its_end(self._release(entry))

    async def _reserved(self, request: GenerationRequest) -> uuid.UUID | None:
        turn = self._turn
        if not (turn.is_budgeted or is_paid(self._route)):
            return None
        most = most_of(self._route, request)
        try:
            async with async_organization_session(self._context.engine, turn.actor.organization_id) as session:
                return await reserve(
                    session, turn.actor, chatbot_id=turn.chatbot_id, message_id=turn.message_id, most=most
                )
        except BudgetExceededError as error:
            raise ProviderError(str(error), kind=ProviderErrorKind.OUT_OF_CREDIT) from error
        except _FAILURES as error:
            log.warning("side_call_unreserved", message_id=str(turn.message_id), error=type(error).__name__)
            raise ProviderError(_NOT_WRITTEN, kind=ProviderErrorKind.UNAVAILABLE) from error

    async def _release(self, entry: uuid.UUID) -> None:
        async def transaction() -> None:
            async with async_organization_session(self._context.engine, self._turn.actor.organization_id) as session:
                await release(session, entry)

        await self._context.streams.closing.run(transaction)

    async def _settle(self, entry: uuid.UUID | None, routed: Routed, usage: TokenUsage) -> None:
        turn, charge = self._turn, charge_of(routed, usage)
        record = usage_record(turn.actor, charge, usage, chatbot_id=turn.chatbot_id, message_id=turn.message_id)

        async def transaction() -> None:
            async with async_organization_session(self._context.engine, turn.actor.organization_id) as session:
                await record_usage(session, record)
                if entry is not None:
                    await settle(session, entry, charge)

        await self._context.streams.closing.run(transaction)
        self.calls.append(SideCall(routed.provider, routed.model, charge.amount.usd))
        observe_charge(charge, usage)

    async def _to_its_end(self, writing: Coroutine[Any, Any, None]) -> bool:
        """Whether something was written. It is, whoever is cancelled meanwhile; the cancellation goes on after it."""
        task = asyncio.ensure_future(self._is_written(writing))
        with anyio.CancelScope(shield=True):
            try:
                await asyncio.shield(task)
            except asyncio.CancelledError:
                await asyncio.wait((task,), timeout=FINISH_S)
                raise
        return task.result()

    async def _is_written(self, writing: Coroutine[Any, Any, None]) -> bool:
        try:
            await writing
        except _FAILURES as error:
            log.error("side_call_unsettled", message_id=str(self._turn.message_id), error=type(error).__name__)
            return False
        return True


def bot_model(context: ServingContext, turn: OpenTurn, *, most_tokens: int = MOST_TOKENS) -> BotModel | None:
    """The models of a turn's bot; None when it has none that can be asked.

    Args:
        context: The process's context.
        turn: The turn that it is for.
        most_tokens: The longest text that is asked for.
    """
    models = tuple(one for one in turn.route.candidates if one.provider.name != EXTRACTIVE)
    if not models:
        return None
    asked = Route(models, rule=turn.route.rule, least_quality=turn.route.least_quality, total_s=MOST_S)
    return BotModel(context, turn, asked, most_tokens=most_tokens)
