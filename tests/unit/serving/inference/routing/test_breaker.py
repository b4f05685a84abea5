"""The breaker and the retry budget, by a clock that the test moves."""

import random

import pytest

from serving.inference.errors import ProviderErrorKind
from serving.inference.routing.breaker import BreakerSettings, BreakerState, CircuitBreaker
from serving.inference.routing.retry_budget import RetryBudget, backoff_s

Kind = ProviderErrorKind
SETTINGS = BreakerSettings(window_s=10, least_calls=4, failure_share=0.5, open_s=2, longest_open_s=5)


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker(SETTINGS, clock)


def fail(breaker: CircuitBreaker, times: int, kind: ProviderErrorKind = Kind.OVERLOADED) -> None:
    for _ in range(times):
        assert breaker.enter()
        breaker.failed(kind)


class TestCircuitBreaker:
    def test_it_opens_when_half_of_enough_calls_failed(self, breaker: CircuitBreaker) -> None:
        for _ in range(2):
            assert breaker.enter()
            breaker.succeeded()
        states = []
        for _ in range(2):
            fail(breaker, 1)
            states.append(breaker.state)
        assert states == [BreakerState.CLOSED, BreakerState.OPEN]
        assert not breaker.enter()
        assert breaker.last_error is Kind.OVERLOADED

    def test_what_is_long_ago_does_not_count(self, breaker: CircuitBreaker, clock: Clock) -> None:
        fail(breaker, 3)
        clock.now += SETTINGS.window_s + 1
        fail(breaker, 1)
        assert breaker.state is BreakerState.CLOSED

    def test_one_probe_goes_through_and_closes_it(self, breaker: CircuitBreaker, clock: Clock) -> None:
        fail(breaker, 4)
        clock.now += SETTINGS.open_s
        states = [breaker.state]
        assert breaker.enter()
        assert not breaker.enter(), "a second probe at once"
        breaker.succeeded()
        states.append(breaker.state)
        assert states == [BreakerState.HALF_OPEN, BreakerState.CLOSED]
        fail(breaker, 1)
        assert breaker.enter(), "the failures before the probe were forgotten"

    def test_each_failed_probe_keeps_it_open_for_longer_up_to_a_bound(
        self, breaker: CircuitBreaker, clock: Clock
    ) -> None:
        fail(breaker, 4)
        waits = []
        for _ in range(4):
            waits.append(breaker.wait_s)
            clock.now += breaker.wait_s
            fail(breaker, 1)
        assert waits == [2, 4, 5, 5]

    def test_a_probe_that_was_given_up_leaves_room_for_the_next(self, breaker: CircuitBreaker, clock: Clock) -> None:
        fail(breaker, 4)
        clock.now += SETTINGS.open_s
        assert breaker.enter()
        breaker.abandoned()
        assert breaker.enter()

    @pytest.mark.parametrize("kind", [Kind.UNAUTHENTICATED, Kind.OUT_OF_CREDIT, Kind.UNKNOWN_MODEL])
    def test_what_no_further_call_can_change_opens_it_at_once(
        self, breaker: CircuitBreaker, kind: ProviderErrorKind
    ) -> None:
        fail(breaker, 1, kind)
        assert breaker.state is BreakerState.OPEN

    @pytest.mark.parametrize("kind", [Kind.INVALID_REQUEST, Kind.CONTEXT_TOO_LONG, Kind.CONTENT_FILTERED])
    def test_a_wrong_request_says_nothing_about_the_model(
        self, breaker: CircuitBreaker, kind: ProviderErrorKind
    ) -> None:
        fail(breaker, 20, kind)
        assert breaker.state is BreakerState.CLOSED

    def test_it_cools_down_for_as_long_as_the_provider_asks(self, breaker: CircuitBreaker, clock: Clock) -> None:
        assert breaker.enter()
        breaker.failed(Kind.RATE_LIMITED, retry_after_s=30)
        assert (breaker.enter(), breaker.wait_s) == (False, 30)
        clock.now += 30
        assert breaker.enter()


class TestRetryBudget:
    def test_retries_stay_a_fifth_of_many_calls(self) -> None:
        budget = RetryBudget()
        for _ in range(1000):
            budget.pay()
            budget.take()
        assert 150 <= budget.retries <= 0.2 * budget.calls + 3

    def test_the_first_calls_may_be_made_again(self) -> None:
        budget = RetryBudget()
        assert [budget.take() for _ in range(4)] == [True, True, True, False]

    def test_quiet_times_save_up_no_storm(self) -> None:
        budget = RetryBudget()
        for _ in range(100_000):
            budget.pay()
        assert sum(budget.take() for _ in range(1000)) == 20


class TestBackoff:
    def test_it_is_spread_under_a_bound_that_doubles(self) -> None:
        generator = random.Random(7)  # noqa: S311
        for retry, bound in ((0, 0.2), (1, 0.4), (2, 0.8), (9, 5.0)):
            found = [backoff_s(retry, retry_after_s=None, generator=generator) for _ in range(500)]
            assert 0 <= min(found) < bound * 0.05
            assert bound * 0.95 < max(found) <= bound

    def test_what_the_provider_asks_for_is_waited_for(self) -> None:
        assert backoff_s(0, retry_after_s=3, generator=random.Random(7)) >= 3  # noqa: S311
