"""Sends a request along a route.

Until the first word is sent, a call may be made again and another model may take over. After it nothing is: the error goes
to the reader, and no text of two models is ever joined.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

import structlog

from serving.inference.errors import ProviderError, ProviderErrorKind
from serving.inference.provider import Completed, Event, GenerationRequest
from serving.inference.routing.health import HealthBook
from serving.inference.routing.retry_budget import backoff_s
from serving.inference.routing.route import Attempt, Candidate, Route, Routed, RoutingRule

MOST_TRIES = 3

log = structlog.get_logger(__name__)


class Router:
    """Chooses, calls, retries and falls back.

    Args:
        health: What is known about models; shared by all requests of the process.
        on_attempt: Told of every call that is over, and of every candidate that was passed over. A call that its reader gave
            up is none of these.
        sleep: How to wait.
        generator: Where the jitter of retries comes from.
    """

    def __init__(
        self,
        health: HealthBook,
        *,
        on_attempt: Callable[[Attempt], object] = lambda _: None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        generator: random.Random | None = None,
    ) -> None:
        self.health = health
        self.on_attempt = on_attempt
        self._sleep = sleep
        self._generator = generator or random.Random()  # noqa: S311 - jitter is no secret

    async def stream(self, request: GenerationRequest, route: Route) -> AsyncIterator[Routed | Event]:
        """Answer: `Routed` first, `Completed` last. Closing the iterator ends the call at the provider.

        Raises:
            ProviderError: Nobody answered, or whoever did broke off; its kind is the last one's.
        """
        call = _Call(self, request, route)
        async with aclosing(call.events()) as events:
            async for event in events:
                yield event

    def ordered(self, route: Route) -> list[Candidate]:
        """The candidates in the order in which they are tried, the last resort left out."""
        candidates = list(route.candidates)
        if route.rule is RoutingRule.PINNED:
            return candidates[:1]
        if route.rule is RoutingRule.CHEAPEST:
            floor = route.least_quality
            good = [c for c in candidates if floor is None or (c.quality is not None and c.quality >= floor)]
            # A price that nobody knows may be any.
            return sorted(good, key=lambda c: (c.expected_usd is None, c.expected_usd or Decimal(0)))
        if route.rule is RoutingRule.FASTEST:
            # One that was never measured is tried first, or it would never be.
            return sorted(candidates, key=lambda c: self.health.model(c.key).first_token_ms or 0.0)
        return candidates

    async def wait(self, seconds: float) -> None:
        """Wait before a retry."""
        await self._sleep(seconds)

    def backoff_s(self, retry: int, retry_after_s: float | None) -> float:
        """How long to wait before a retry."""
        return backoff_s(retry, retry_after_s=retry_after_s, generator=self._generator)


class _Call:
    """One request on its way along the route."""

    def __init__(self, router: Router, request: GenerationRequest, route: Route) -> None:
        self._router = router
        self._clock = router.health.clock
        self._request = request
        self._route = route
        end = self._clock() + route.total_s
        self._deadline = end if request.deadline is None else min(end, request.deadline)
        self._attempts: list[Attempt] = []
        self._has_spoken = False

    async def events(self) -> AsyncGenerator[Routed | Event, None]:
        failure: ProviderError | None = None
        for candidate in self._router.ordered(self._route):
            for retry in range(MOST_TRIES):
                try:
                    async with aclosing(self._one(candidate)) as events:
                        async for event in events:
                            yield event
                    return
                except ProviderError as error:
                    if self._has_spoken or not error.allows_fallback:
                        raise
                    # That one was not even asked tells less than why another one failed.
                    if failure is None or error.kind is not ProviderErrorKind.UNAVAILABLE:
                        failure = error
                    latest = error
                if not await self._may_retry(candidate, latest, retry):
                    break
        if self._route.last_resort is None:
            raise failure or _nobody("None of the bot's models may answer: none is good enough or enabled")
        async with aclosing(self._one(self._route.last_resort)) as events:
            async for event in events:
                yield event

    async def _one(self, candidate: Candidate) -> AsyncGenerator[Routed | Event, None]:
        """One call; what it raises has been counted."""
        health = self._router.health.model(candidate.key)
        started = self._clock()
        is_last_resort = candidate is self._route.last_resort
        if not is_last_resort and (started >= self._deadline or not health.breaker.enter()):
            reason = (
                "No time is left"
                if started >= self._deadline
                else f"The provider {candidate.provider.name} failed too often lately and is left alone for now"
            )
            self._failed(candidate, ProviderErrorKind.UNAVAILABLE, started)
            raise _nobody(reason)
        self._router.health.budget(candidate.connection_id).pay()
        health.calls += 1
        has_ended = False
        routed: Routed | None = None
        request = self._for(candidate, is_last_resort)
        try:
            async with aclosing(cast("Any", candidate.provider.stream(request))) as events:
                async for event in events:
                    if routed is None:
                        self._has_spoken = True
                        health.measured((self._clock() - started) * 1000)
                        self._attempts.append(self._attempt(candidate, None, started))
                        routed = Routed(candidate, tuple(self._attempts), request.parameters)
                        yield routed
                    if isinstance(event, Completed):
                        has_ended = True
                        health.breaker.succeeded()
                        self._router.on_attempt(self._attempt(candidate, None, started))
                        yield self._with_decisions(event, routed)
                        return
                    yield event
        except ProviderError as error:
            has_ended = True
            health.failures += 1
            health.breaker.failed(error.kind, retry_after_s=error.retry_after_s)
            self._failed(candidate, error.kind, started)
            raise
        finally:
            if not has_ended:
                health.breaker.abandoned()

    async def _may_retry(self, candidate: Candidate, failure: ProviderError, retry: int) -> bool:
        """Whether to try the same candidate again; waits before it says yes."""
        if not failure.is_retryable or retry + 1 == MOST_TRIES:
            return False
        wait_s = self._router.backoff_s(retry, failure.retry_after_s)
        # Another candidate that could answer now is better than a long wait for this one.
        if self._clock() + wait_s >= self._deadline or (failure.retry_after_s or 0) > self._patience_s(candidate):
            return False
        if not self._router.health.budget(candidate.connection_id).take():
            return False
        await self._router.wait(wait_s)
        return True

    def _patience_s(self, candidate: Candidate) -> float:
        is_alone = candidate is self._router.ordered(self._route)[-1] and self._route.last_resort is None
        return self._route.total_s if is_alone else 1.0

    def _for(self, candidate: Candidate, is_last_resort: bool) -> GenerationRequest:
        return replace(
            self._request,
            model=candidate.model,
            parameters=candidate.parameters_for(self._request.parameters),
            deadline=None if is_last_resort else self._deadline,
        )

    def _attempt(self, candidate: Candidate, kind: ProviderErrorKind | None, started: float) -> Attempt:
        ms = (self._clock() - started) * 1000
        return Attempt(candidate.provider.name, candidate.model, candidate.connection_id, kind, ms)

    def _failed(self, candidate: Candidate, kind: ProviderErrorKind, started: float) -> None:
        attempt = self._attempt(candidate, kind, started)
        self._router.on_attempt(attempt)
        if not self._has_spoken:
            self._attempts.append(attempt)
        log.warning(
            "model_failed",
            provider=attempt.provider,
            model=attempt.model,
            connection_id=str(attempt.connection_id),
            kind=kind.value,
            has_spoken=self._has_spoken,
            ms=round(attempt.ms, 1),
        )

    def _with_decisions(self, event: Completed, routed: Routed) -> Completed:
        if len(routed.attempts) == 1 and routed.connection_id is None:
            return event  # the extractive answerer, asked first: there was nothing to decide
        cost = routed.cost(event.usage, datetime.now(UTC))
        routing = {
            "rule": self._route.rule.value,
            "attempts": [attempt.as_json() for attempt in routed.attempts],
            "price": cost.source if cost is not None else "unknown",
            "is_usage_estimated": event.usage.is_estimated,
        }
        return replace(event, decisions={**event.decisions, "routing": routing})


def _nobody(reason: str) -> ProviderError:
    return ProviderError(reason, kind=ProviderErrorKind.UNAVAILABLE)
