"""What the process knows about the models that it calls: breakers, budgets, and how fast they begin."""

import time
import uuid
from dataclasses import dataclass, field

from serving.inference.routing.breaker import BreakerSettings, BreakerState, CircuitBreaker, Clock
from serving.inference.routing.retry_budget import RetryBudget
from serving.inference.routing.route import BreakerKey

# How much the newest measurement counts in the moving mean.
_WEIGHT = 0.2


@dataclass
class ModelHealth:
    """One model, asked with one key. `first_token_ms` is a moving mean; None before the first answer."""

    breaker: CircuitBreaker
    first_token_ms: float | None = None
    calls: int = 0
    failures: int = 0

    def measured(self, ms: float) -> None:
        """The first word came after so many milliseconds."""
        self.first_token_ms = (
            ms if self.first_token_ms is None else self.first_token_ms + _WEIGHT * (ms - self.first_token_ms)
        )


@dataclass(frozen=True)
class HealthLine:
    """One model's health, as people and metrics see it."""

    key: BreakerKey
    state: BreakerState
    wait_s: float
    last_error: str | None
    first_token_ms: float | None
    calls: int
    failures: int


@dataclass
class HealthBook:
    """The health of every model that was called. Entries of keys that were replaced go when they are old.

    Args:
        settings: When breakers open.
        clock: Seconds that only grow.
    """

    settings: BreakerSettings = field(default_factory=BreakerSettings)
    clock: Clock = time.monotonic
    _models: dict[BreakerKey, ModelHealth] = field(default_factory=dict)
    _budgets: dict[uuid.UUID | None, RetryBudget] = field(default_factory=dict)

    def model(self, key: BreakerKey) -> ModelHealth:
        """The health of a model."""
        found = self._models.get(key)
        if found is None:
            found = self._models[key] = ModelHealth(CircuitBreaker(self.settings, self.clock))
        return found

    def budget(self, connection_id: uuid.UUID | None) -> RetryBudget:
        """The retry budget of a connection."""
        return self._budgets.setdefault(connection_id, RetryBudget())

    def forget(self, connection_id: uuid.UUID) -> None:
        """A connection was changed or removed: what was known of it does not hold any more."""
        self._models = {key: health for key, health in self._models.items() if key.connection_id != connection_id}
        self._budgets.pop(connection_id, None)

    def lines(self) -> list[HealthLine]:
        """Every model, for metrics and for people."""
        return [
            HealthLine(
                key,
                health.breaker.state,
                health.breaker.wait_s,
                health.breaker.last_error,
                health.first_token_ms,
                health.calls,
                health.failures,
            )
            for key, health in self._models.items()
        ]
