"""Counts what became of an answer, and what calls of models cost."""

from collections.abc import Mapping

from serving.billing.ledger import Charge
from serving.inference.provider import TokenUsage
from serving.telemetry import metrics
from storage.postgres.models.message import MessageState


def observe(outcome: MessageState, provider: str, latencies_ms: Mapping[str, float]) -> None:
    """Count an answer and its time by stage.

    Args:
        outcome: The state that its message ends in.
        provider: Who answered, or was to.
        latencies_ms: Milliseconds by stage; `first_token` is counted from the question.
    """
    metrics.ANSWERS.labels(outcome.value, provider).inc()
    for stage, milliseconds in latencies_ms.items():
        if stage == "first_token":
            metrics.FIRST_TOKEN.labels(provider).observe(milliseconds / 1000)
        else:
            metrics.STAGE.labels(stage).observe(milliseconds / 1000)


def observe_charge(charge: Charge, usage: TokenUsage) -> None:
    """Count what a call of a model used and cost. Call it after the charge is committed: a repeated transaction counts once."""
    metrics.TOKENS.labels("input", charge.provider).inc(usage.prompt_tokens)
    metrics.TOKENS.labels("output", charge.provider).inc(usage.completion_tokens)
    metrics.COST.labels(charge.provider).inc(float(charge.amount.usd))
    if charge.is_unpriced:
        metrics.UNPRICED.labels(charge.provider).inc()
