"""Metrics, as Prometheus scrapes them at `/metrics`. Labels are kinds of things: no tenant, no person, no text."""

from collections import Counter as Tally
from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from serving.inference.routing.route import Attempt

if TYPE_CHECKING:
    from serving.context import ServingContext

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

ANSWERS = Counter("pixel_answers", "Answers by how they ended", ["outcome", "provider"], registry=REGISTRY)
REFUSED = Counter(
    "pixel_questions_refused", "Questions that were refused before anything was stored", ["reason"], registry=REGISTRY
)
FIRST_TOKEN = Histogram(
    "pixel_first_token_seconds",
    "From the question to the first text",
    ["provider"],
    buckets=_SECONDS,
    registry=REGISTRY,
)
STAGE = Histogram("pixel_stage_seconds", "Time by stage of an answer", ["stage"], buckets=_SECONDS, registry=REGISTRY)
HANDOVER_WAIT = Histogram(
    "pixel_handover_wait_seconds",
    "From asking for a person to somebody taking over",
    buckets=(5, 15, 60, 300, 900, 3600, 14400, 86400),
    registry=REGISTRY,
)
TOKENS = Counter("pixel_tokens", "Tokens of calls of models", ["direction", "provider"], registry=REGISTRY)
COST = Counter("pixel_cost_usd", "Settled cost of calls of models", ["provider"], registry=REGISTRY)
UNPRICED = Counter("pixel_unpriced_calls", "Paid calls that cost nothing", ["provider"], registry=REGISTRY)
CACHE = Counter("pixel_answer_cache", "Lookups of the answer cache", ["result"], registry=REGISTRY)
ATTEMPTS = Counter("pixel_provider_attempts", "Calls of providers by how they ended", ["provider", "outcome"], registry=REGISTRY)  # fmt: skip


def count_attempt(attempt: Attempt) -> None:
    """Count a call of a provider that is over, or that was not made because its breaker is open."""
    ATTEMPTS.labels(attempt.provider, attempt.outcome).inc()


class _Now(Collector):
    """Gauges that are read when they are asked for."""

    def __init__(self, context: "ServingContext") -> None:
        self._context = context

    def collect(self) -> Iterator[Metric]:
        """What runs, waits and is held right now."""
        admission = self._context.streams.admission
        pool = self._context.engine.pool
        now = {
            "pixel_answers_running": ("Answers that run", admission.running),
            "pixel_questions_waiting": ("Questions that wait for a place", admission.waiting),
            "pixel_answer_places": ("Places for answers", admission.limits.running),
            "pixel_answer_cache_bytes": ("Bytes of the answer cache", self._context.answers.size),
            "pixel_database_connections": ("Connections of the API in use", _in_use(pool)),
        }
        for name, (told, value) in now.items():
            yield GaugeMetricFamily(name, told, value=value)
        breakers = GaugeMetricFamily(
            "pixel_model_breakers",
            "Models that were called, by the state of their breaker",
            labels=["provider", "state"],
        )
        states = Tally((line.key.provider, line.state.value) for line in self._context.router.health.lines())
        for labels, models in states.items():
            breakers.add_metric(labels, models)
        yield breakers


def _in_use(pool: object) -> int:
    checked_out = getattr(pool, "checkedout", None)
    return int(checked_out()) if checked_out is not None else 0


def exposition(context: "ServingContext") -> bytes:
    """All metrics of this process in Prometheus's text format."""
    now = CollectorRegistry()
    now.register(_Now(context))
    return generate_latest(REGISTRY) + generate_latest(now)
