"""A circuit breaker: a model that fails is left alone for a while, then probed by one call."""

import enum
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from serving.inference.errors import ProviderErrorKind

Clock = Callable[[], float]


class BreakerState(enum.StrEnum):
    """Whether calls go through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True)
class BreakerSettings:
    """When it opens and how long it stays so.

    Attributes:
        window_s: What is longer ago does not count.
        least_calls: Calls in the window before it may open.
        failure_share: Share of them that must have failed.
        open_s: How long it stays open the first time; each failed probe doubles it.
        longest_open_s: And never longer than this.
    """

    window_s: float = 10.0
    least_calls: int = 8
    failure_share: float = 0.5
    open_s: float = 2.0
    longest_open_s: float = 20.0


# No further call can succeed until somebody changes something: one is enough to open it.
_FINAL = frozenset(
    {ProviderErrorKind.UNAUTHENTICATED, ProviderErrorKind.OUT_OF_CREDIT, ProviderErrorKind.UNKNOWN_MODEL}
)
# The request's own fault: it says nothing about the model.
_NOT_COUNTED = frozenset(
    {
        ProviderErrorKind.INVALID_REQUEST,
        ProviderErrorKind.CONTEXT_TOO_LONG,
        ProviderErrorKind.CONTENT_FILTERED,
        ProviderErrorKind.UNAVAILABLE,
    }
)


class CircuitBreaker:
    """The breaker of one (provider, model, key), with its cool-down.

    Args:
        settings: When it opens.
        clock: Seconds that only grow.
    """

    def __init__(self, settings: BreakerSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._outcomes: deque[tuple[float, bool]] = deque()
        self._opened_for_s = 0.0
        self._closed_until = 0.0
        self._cool_until = 0.0
        self._is_open = False
        self._is_probing = False
        self.last_error: ProviderErrorKind | None = None

    @property
    def state(self) -> BreakerState:
        """Whether calls go through now."""
        if not self._is_open:
            return BreakerState.CLOSED
        return BreakerState.OPEN if self._clock() < self._closed_until else BreakerState.HALF_OPEN

    @property
    def wait_s(self) -> float:
        """How long until a call may go through again; 0 when one may now."""
        now = self._clock()
        return max(0.0, self._cool_until - now, self._closed_until - now if self._is_open else 0.0)

    def enter(self) -> bool:
        """Ask to make a call; if it may be made, one of `succeeded`, `failed` and `abandoned` must follow."""
        if self.wait_s > 0:
            return False
        if self._is_open:
            if self._is_probing:
                return False
            self._is_probing = True
        return True

    def succeeded(self) -> None:
        """The call answered."""
        if self._is_open:
            self._outcomes.clear()
        self._is_open = self._is_probing = False
        self._opened_for_s = 0.0
        self.last_error = None
        self._count(has_failed=False)

    def failed(self, kind: ProviderErrorKind, *, retry_after_s: float | None = None) -> None:
        """The call failed."""
        if kind in _NOT_COUNTED:
            self.abandoned()
            return
        self.last_error = kind
        was_probing, self._is_probing = self._is_probing, False
        if retry_after_s is not None:
            self._cool_until = max(self._cool_until, self._clock() + retry_after_s)
        self._count(has_failed=True)
        if was_probing or kind in _FINAL or self._is_over():
            self._open()

    def abandoned(self) -> None:
        """The call was given up by its reader, which says nothing about the model."""
        self._is_probing = False

    def _open(self) -> None:
        settings = self._settings
        self._opened_for_s = min(self._opened_for_s * 2 or settings.open_s, settings.longest_open_s)
        self._closed_until = self._clock() + self._opened_for_s
        self._is_open = True

    def _count(self, *, has_failed: bool) -> None:
        now = self._clock()
        self._outcomes.append((now, has_failed))
        while now - self._outcomes[0][0] > self._settings.window_s:
            self._outcomes.popleft()

    def _is_over(self) -> bool:
        failures = sum(has_failed for _, has_failed in self._outcomes)
        calls = len(self._outcomes)
        return calls >= self._settings.least_calls and failures >= self._settings.failure_share * calls
