"""The router, over providers that answer by a script and a clock that the test moves."""

import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast

import pytest

from serving.inference.errors import ProviderError, ProviderErrorKind
from serving.inference.provider import (
    Completed,
    Event,
    FinishReason,
    GenerationRequest,
    TextDelta,
    TokenUsage,
)
from serving.inference.routing.breaker import BreakerSettings, BreakerState
from serving.inference.routing.health import HealthBook
from serving.inference.routing.route import Candidate, Route, Routed, RoutingRule
from serving.inference.routing.router import Router

Kind = ProviderErrorKind


@dataclass
class Script:
    """A provider that does what it is told, one step for each call; the last one stays."""

    name: str
    steps: Sequence[str | ProviderError]
    seconds: float = 0.0
    clock: "Clock | None" = None
    asked: list[GenerationRequest] = field(default_factory=list)
    closed: int = 0

    async def stream(self, request: GenerationRequest) -> AsyncIterator[Event]:
        step = self.steps[min(len(self.asked), len(self.steps) - 1)]
        self.asked.append(request)
        if self.clock is not None:
            self.clock.now += self.seconds
        try:
            if isinstance(step, ProviderError):
                raise step
            for word in step.split("|"):
                if word == "CUT":
                    raise error(Kind.CUT)
                yield TextDelta(word)
            yield Completed(FinishReason.STOP, TokenUsage(1000, 100), "dated-name")
        finally:
            self.closed += 1


class Clock:
    """Seconds that pass when somebody waits."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def error(kind: ProviderErrorKind, *, retry_after_s: float | None = None) -> ProviderError:
    return ProviderError(f"failed: {kind}", kind=kind, retry_after_s=retry_after_s)


def candidate(name: str, *steps: str | ProviderError, **more: Any) -> Candidate:
    connection = uuid.uuid5(uuid.NAMESPACE_DNS, name)
    return Candidate(Script(name, steps), f"{name}-model", connection_id=connection, model_id=uuid.uuid4(), **more)


def script(one: Candidate) -> Script:
    return cast("Script", one.provider)


REQUEST = GenerationRequest(question="q", evidence=(), model="")
LAST = Candidate(Script("extractive", ["quoted"]), "extractive-1")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def router(clock: Clock) -> Router:
    return Router(HealthBook(BreakerSettings(least_calls=4), clock), sleep=clock.sleep)


async def run(router: Router, route: Route, request: GenerationRequest = REQUEST) -> tuple[Routed, str, Completed]:
    events = [event async for event in router.stream(request, route)]
    assert isinstance(events[0], Routed)
    assert isinstance(events[-1], Completed)
    return events[0], "".join(e.text for e in events if isinstance(e, TextDelta)), events[-1]


class TestFallback:
    async def test_the_first_one_answers(self, router: Router) -> None:
        first, second = candidate("a", "hello| you"), candidate("b", "no")
        routed, text, completed = await run(router, Route((first, second)))
        assert (routed.provider, routed.model, routed.model_id, text) == ("a", "a-model", first.model_id, "hello you")
        assert script(second).asked == []
        assert completed.decisions["routing"]["attempts"][0]["outcome"] == "answered"  # type: ignore[index]

    @pytest.mark.parametrize("kind", [k for k in Kind if k is not Kind.INVALID_REQUEST])
    async def test_another_takes_over_before_the_first_word(self, router: Router, kind: ProviderErrorKind) -> None:
        routed, text, _ = await run(router, Route((candidate("a", error(kind)), candidate("b", "hello"))))
        assert (routed.provider, text) == ("b", "hello")
        assert {a.kind for a in routed.attempts} == {kind, None}

    async def test_a_wrong_request_is_wrong_everywhere(self, router: Router) -> None:
        second = candidate("b", "no")
        with pytest.raises(ProviderError) as raised:
            await run(router, Route((candidate("a", error(Kind.INVALID_REQUEST)), second), last_resort=LAST))
        assert raised.value.kind is Kind.INVALID_REQUEST
        assert script(second).asked == []

    async def test_after_the_first_word_nothing_is_spliced(self, router: Router) -> None:
        first, second = candidate("a", "hel|CUT"), candidate("b", "hello")
        events = []
        with pytest.raises(ProviderError) as raised:
            async for event in router.stream(REQUEST, Route((first, second), last_resort=LAST)):
                events.append(event)
        assert raised.value.kind is Kind.CUT
        assert [e.text for e in events if isinstance(e, TextDelta)] == ["hel"]
        assert len(script(first).asked) == 1
        assert script(second).asked == []

    async def test_the_last_resort_answers_when_nobody_does(self, router: Router) -> None:
        routed, text, completed = await run(router, Route((candidate("a", error(Kind.OVERLOADED)),), last_resort=LAST))
        assert (routed.provider, routed.connection_id, text) == ("extractive", None, "quoted")
        outcomes = [a["outcome"] for a in completed.decisions["routing"]["attempts"]]  # type: ignore[index]
        assert outcomes[-1] == "answered"
        assert set(outcomes[:-1]) == {"overloaded"}

    async def test_without_it_the_last_error_is_raised(self, router: Router) -> None:
        with pytest.raises(ProviderError) as raised:
            await run(router, Route((candidate("a", error(Kind.UNAUTHENTICATED)),)))
        assert raised.value.kind is Kind.UNAUTHENTICATED

    async def test_a_route_without_anybody_says_so(self, router: Router) -> None:
        with pytest.raises(ProviderError, match="None of the bot's models") as raised:
            await run(router, Route(()))
        assert raised.value.kind is Kind.UNAVAILABLE

    async def test_closing_ends_the_call(self, router: Router) -> None:
        one = candidate("a", "a|b|c")
        events = cast("Any", router.stream(REQUEST, Route((one,))))
        await anext(events)
        await events.aclose()
        assert script(one).closed == 1
        assert router.health.model(one.key).breaker.state is BreakerState.CLOSED


class TestRetries:
    async def test_what_passes_is_tried_again(self, router: Router, clock: Clock) -> None:
        one = candidate("a", error(Kind.OVERLOADED), error(Kind.TIMEOUT), "hello")
        routed, text, _ = await run(router, Route((one,)))
        assert (text, [a.kind for a in routed.attempts]) == ("hello", [Kind.OVERLOADED, Kind.TIMEOUT, None])
        assert len(clock.waits) == 2
        assert clock.waits[0] <= 0.2
        assert clock.waits[1] <= 0.4

    async def test_what_does_not_pass_is_not(self, router: Router) -> None:
        one = candidate("a", error(Kind.UNAUTHENTICATED))
        with pytest.raises(ProviderError):
            await run(router, Route((one,)))
        assert len(script(one).asked) == 1

    async def test_retries_end_with_the_budget(self, router: Router) -> None:
        failing = candidate("a", error(Kind.RATE_LIMITED, retry_after_s=0))
        router.health.settings = BreakerSettings(least_calls=10_000)
        for _ in range(200):
            await run(router, Route((failing,), last_resort=LAST))
        budget = router.health.budget(failing.connection_id)
        first_tries = budget.calls - budget.retries
        assert first_tries == 200
        assert budget.retries <= 0.2 * budget.calls + 3

    async def test_a_long_wait_is_waited_for_only_when_nobody_else_can_answer(
        self, router: Router, clock: Clock
    ) -> None:
        limited = candidate("a", error(Kind.RATE_LIMITED, retry_after_s=8), "late")
        assert (await run(router, Route((limited, candidate("b", "now")))))[1] == "now"
        assert clock.waits == []
        alone = candidate("c", error(Kind.RATE_LIMITED, retry_after_s=8), "late")
        assert (await run(router, Route((alone,), total_s=30)))[1] == "late"
        assert clock.waits[0] >= 8

    async def test_a_wait_beyond_the_deadline_is_no_use(self, router: Router, clock: Clock) -> None:
        one = candidate("a", error(Kind.RATE_LIMITED, retry_after_s=31), "late")
        with pytest.raises(ProviderError):
            await run(router, Route((one,), total_s=30))
        assert clock.waits == []

    async def test_the_deadline_goes_along_and_ends_the_tries(self, router: Router, clock: Clock) -> None:
        slow = [candidate(name, error(Kind.TIMEOUT)) for name in "abcd"]
        for one in slow:
            script(one).clock, script(one).seconds = clock, 4.0
        started = clock.now
        with pytest.raises(ProviderError) as raised:
            await run(router, Route(tuple(slow), total_s=10))
        assert raised.value.kind is Kind.TIMEOUT
        assert clock.now - started < 15
        assert {request.deadline for one in slow for request in script(one).asked} == {started + 10}


class TestBreaker:
    async def test_a_model_that_fails_is_passed_over_and_found_again(self, router: Router, clock: Clock) -> None:
        one, other = candidate("a", *[error(Kind.OVERLOADED)] * 4, "back"), candidate("b", "hello")
        while router.health.model(one.key).breaker.state is BreakerState.CLOSED:
            await run(router, Route((one, other)))
        calls = len(script(one).asked)
        assert calls <= 20
        routed, _, _ = await run(router, Route((one, other)))
        assert [a.kind for a in routed.attempts] == [Kind.UNAVAILABLE, None]
        assert len(script(one).asked) == calls
        clock.now += 30
        assert (await run(router, Route((one, other))))[1] == "back"

    async def test_what_failed_is_told_rather_than_that_nobody_was_asked(self, router: Router) -> None:
        one, other = candidate("a", error(Kind.UNAUTHENTICATED)), candidate("b", error(Kind.OVERLOADED))
        with pytest.raises(ProviderError):
            await run(router, Route((one,)))
        with pytest.raises(ProviderError) as raised:
            await run(router, Route((other, one)))
        assert raised.value.kind is Kind.OVERLOADED

    async def test_another_key_starts_anew(self, router: Router) -> None:
        old = candidate("a", error(Kind.UNAUTHENTICATED), "hello", key_fingerprint="old")
        await run(router, Route((old,), last_resort=LAST))
        assert not router.health.model(old.key).breaker.enter()
        new = Candidate(old.provider, old.model, old.connection_id, old.model_id, key_fingerprint="new")
        assert (await run(router, Route((new,))))[1] == "hello"

    async def test_its_state_can_be_read(self, router: Router) -> None:
        one = candidate("a", error(Kind.UNAUTHENTICATED))
        await run(router, Route((one,), last_resort=LAST))
        (line,) = [line for line in router.health.lines() if line.key == one.key]
        assert (line.state, line.last_error, line.calls, line.failures) == (BreakerState.OPEN, "unauthenticated", 1, 1)
        assert one.connection_id is not None
        router.health.forget(one.connection_id)
        assert one.key not in {line.key for line in router.health.lines()}


class TestRules:
    def test_cheapest_of_those_that_are_good_enough(self, router: Router) -> None:
        cheap = candidate("cheap", "x", expected_usd=Decimal("0.001"), quality=0.5)
        fair = candidate("fair", "x", expected_usd=Decimal("0.002"), quality=0.8)
        dear = candidate("dear", "x", expected_usd=Decimal("0.1"), quality=0.95)
        unknown = candidate("unknown", "x", quality=0.99)
        unscored = candidate("unscored", "x", expected_usd=Decimal(0))
        route = Route((unknown, dear, cheap, fair, unscored), RoutingRule.CHEAPEST, least_quality=0.7)
        assert router.ordered(route) == [fair, dear, unknown]

    async def test_fastest_as_measured(self, router: Router, clock: Clock) -> None:
        slow, quick = candidate("slow", "x"), candidate("quick", "x")
        for one, seconds in ((slow, 2.0), (quick, 0.5)):
            script(one).clock, script(one).seconds = clock, seconds
            await run(router, Route((one,)))
        fresh = candidate("fresh", "x")
        assert router.ordered(Route((slow, quick, fresh), RoutingRule.FASTEST)) == [fresh, quick, slow]

    async def test_pinned_asks_nobody_else(self, router: Router) -> None:
        second = candidate("b", "no")
        with pytest.raises(ProviderError):
            await run(router, Route((candidate("a", error(Kind.OVERLOADED)), second), RoutingRule.PINNED))
        assert script(second).asked == []


class TestParameters:
    async def test_the_callers_go_first_where_the_model_takes_them(self, router: Router) -> None:
        one = candidate(
            "a", "x", parameters={"temperature": 0.1, "top_p": 0.9}, accepted=frozenset({"temperature", "max_tokens"}), max_output_tokens=50
        )  # fmt: skip
        asked = GenerationRequest("q", (), "", parameters={"temperature": 0.7, "seed": 3, "max_tokens": 900})
        routed, _, _ = await run(router, Route((one,)), asked)
        expected = {"temperature": 0.7, "top_p": 0.9, "max_tokens": 50}
        assert routed.parameters == script(one).asked[0].parameters == expected


class TestAttempts:
    async def test_every_call_that_is_over_is_told_once(self, clock: Clock) -> None:
        told: list[tuple[str, str]] = []
        health = HealthBook(BreakerSettings(least_calls=4), clock)
        router = Router(health, on_attempt=lambda a: told.append((a.provider, a.outcome)), sleep=clock.sleep)
        failing, cut = candidate("a", error(Kind.UNAUTHENTICATED)), candidate("c", "one|CUT")
        await run(router, Route((failing, candidate("b", "hello"))))
        await run(router, Route((failing, candidate("b", "hello"))))
        with pytest.raises(ProviderError):
            await run(router, Route((cut,)))
        assert told == [
            ("a", "unauthenticated"),
            ("b", "answered"),
            ("a", "unavailable"),
            ("b", "answered"),
            ("c", "cut"),
        ]

    async def test_a_call_that_its_reader_gave_up_is_none(self, clock: Clock) -> None:
        told: list[str] = []
        router = Router(HealthBook(clock=clock), on_attempt=lambda a: told.append(a.outcome), sleep=clock.sleep)
        events = cast("Any", router.stream(REQUEST, Route((candidate("a", "one|two"),))))
        async for event in events:
            if isinstance(event, TextDelta):
                break
        await events.aclose()
        assert told == []
