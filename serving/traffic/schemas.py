"""Shapes of live traffic."""

import uuid
from datetime import datetime
from decimal import Decimal

from serving.accounts.schemas import Read
from serving.inference.routing.breaker import BreakerState


class TrafficCounts(Read):
    """What happened in a span of time; times are of answers that ended well. A cost contains side calls, such as summaries."""

    answers: int
    answered: int
    not_known: int
    failed: int
    interrupted: int
    stopped: int
    running: int
    first_token_p50_ms: float | None
    first_token_p95_ms: float | None
    total_p95_ms: float | None
    prompt_tokens: int
    completion_tokens: int
    cost_usd: Decimal


class TrafficBucket(TrafficCounts):
    """One step of the window."""

    starts_at: datetime


class ModelTraffic(Read):
    """One model: its answers in the window, and how it does on the server that was asked.

    Attributes:
        tokens_per_s: Median over answers, from the first token to the last; None for quoted sentences.
        breaker: None when the server that was asked has not called it since it started.
        wait_s: How long until it is called again, when its breaker is open or its provider asked for patience.
        calls: Calls by the server that was asked, since it started; `failures` are among them.
    """

    provider: str
    model: str
    connection_id: uuid.UUID | None
    connection: str | None
    answers: int
    first_token_p50_ms: float | None
    first_token_p95_ms: float | None
    tokens_per_s: float | None
    breaker: BreakerState | None
    wait_s: float | None
    last_error: str | None
    calls: int | None
    failures: int | None


class ErrorCount(Read):
    """Answers that failed, by why."""

    error: str
    answers: int


class ServerTraffic(Read):
    """The server that was asked, right now. Of several replicas each tells its own.

    Attributes:
        running: Answers of the organization that run here; `waiting` are its questions that wait for a place.
        running_limit: The most answers of one organization that run here at once.
        places_taken: Answers of anybody that run here, of `places`.
        refused: Questions of the organization that were refused here in the window, at most in the last hour, by reason.
        refused_unread: Questions of anybody that were refused before anything of them was read, by reason.
        is_draining: Whether it is about to end and takes no questions.
    """

    running: int
    waiting: int
    running_limit: int
    places_taken: int
    places: int
    refused: dict[str, int]
    refused_unread: dict[str, int]
    is_draining: bool


class TrafficOut(Read):
    """Live traffic of an organization: `buckets` of `bucket_s` seconds, oldest first, without gaps; the last one runs."""

    at: datetime
    minutes: int
    bucket_s: int
    totals: TrafficCounts
    buckets: list[TrafficBucket]
    models: list[ModelTraffic]
    errors: list[ErrorCount]
    server: ServerTraffic
