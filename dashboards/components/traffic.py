"""What is shown of live traffic."""

from collections.abc import Mapping

import streamlit as st

from dashboards import traffic_strings as words
from dashboards.components.states import empty
from dashboards.components.text import plain
from dashboards.components.traffic_charts import first_words, outcomes
from serving.client.shapes import ModelTraffic, ServerTraffic, TrafficOut

_METRIC_WIDTH = 170


def traffic(found: TrafficOut) -> None:
    """Everything: figures, charts, models, errors, the server."""
    _figures(found)
    if found.totals.answers:
        st.subheader(words.PER_STEP)
        st.altair_chart(outcomes(found.buckets), alt=words.PER_STEP_ALT)
        st.subheader(words.FIRST_TITLE)
        st.altair_chart(first_words(found.buckets), alt=words.FIRST_ALT)
    else:
        empty(words.EMPTY)
    if found.models:
        st.subheader(words.MODELS)
        st.dataframe([_row(model) for model in found.models], hide_index=True)
    if found.errors:
        st.subheader(words.ERRORS)
        st.dataframe({"": [e.error for e in found.errors], words.FAILED: [e.answers for e in found.errors]})
    _server(found.server)


def _figures(found: TrafficOut) -> None:
    totals = found.totals
    ended = totals.answers - totals.running
    speed = totals.completion_tokens / (found.minutes * 60)
    shown = [
        (words.ANSWERS, f"{totals.answers:,}", None),
        (words.FIRST, _first(totals.first_token_p50_ms, totals.first_token_p95_ms), words.FIRST_HELP),
        (words.SPEED, f"{speed:,.1f}", words.SPEED_HELP),
        (words.FAILED, f"{totals.failed / ended:.1%}" if ended else "–", words.FAILED_HELP),
        (words.QUEUE, f"{found.server.running:,} · {found.server.waiting:,}", words.QUEUE_HELP),
        (words.COST, f"${totals.cost_usd:,.4f}", words.COST_HELP),
    ]
    with st.container(horizontal=True):
        for label, value, help_text in shown:
            st.metric(label, value, border=True, help=help_text, width=_METRIC_WIDTH)


def _first(half_ms: float | None, most_ms: float | None) -> str:
    return "–" if half_ms is None or most_ms is None else f"{_time(half_ms)} · {_time(most_ms)}"


def _time(ms: float) -> str:
    return f"{ms:.0f} ms" if ms < 1000 else f"{ms / 1000:.1f} s"


def _row(model: ModelTraffic) -> dict[str, object]:
    state = words.NOT_CALLED
    if model.breaker is not None:
        name = "open" if model.wait_s else model.breaker.value
        state = words.STATES[name].format(wait=model.wait_s or 0)
    values = {
        "model": model.model,
        "connection": model.connection or model.provider,
        "state": state if model.connection_id else "",
        "answers": model.answers,
        "first": round(model.first_token_p50_ms) if model.first_token_p50_ms is not None else None,
        "speed": round(model.tokens_per_s, 1) if model.tokens_per_s is not None else None,
        "calls": model.calls,
        "failures": model.failures,
        "last_error": model.last_error,
    }
    return {words.COLUMNS[name]: value for name, value in values.items()}


def _server(server: ServerTraffic) -> None:
    if server.is_draining:
        st.warning(words.DRAINING)
    lines = [
        words.SERVER.format(taken=server.places_taken, places=server.places, limit=server.running_limit),
        *([words.REFUSED.format(counts=_counts(server.refused))] if server.refused else []),
        *([words.UNREAD.format(counts=_counts(server.refused_unread))] if server.refused_unread else []),
    ]
    st.caption(plain(" ".join(lines)))


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{reason} {times:,}" for reason, times in sorted(counts.items()))
