"""Counts what became of an answer."""

from collections.abc import Mapping

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
