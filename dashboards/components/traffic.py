"""What is shown of live traffic."""

from collections.abc import Mapping

import streamlit as st

from dashboards import strings
from dashboards.components.states import empty
from dashboards.components.text import plain
from dashboards.components.traffic_charts import first_words, outcomes
from serving.client.shapes import ModelTraffic, ServerTraffic, TrafficOut

_METRIC_WIDTH = 170


def traffic(found: TrafficOut) -> None:
    """Everything: figures, charts, models, errors, the server."""
    _figures(found)
    if found.totals.answers:
        st.subheader(strings.TRAFFIC_PER_STEP)
        st.altair_chart(outcomes(found.buckets), alt=strings.TRAFFIC_PER_STEP_ALT)
        st.subheader(strings.TRAFFIC_FIRST_TITLE)
        st.altair_chart(first_words(found.buckets), alt=strings.TRAFFIC_FIRST_ALT)
    else:
        empty(strings.TRAFFIC_EMPTY)
    if found.models:
        st.subheader(strings.TRAFFIC_MODELS)
        st.dataframe([_row(model) for model in found.models], hide_index=True)
    if found.errors:
        st.subheader(strings.TRAFFIC_ERRORS)
        st.dataframe({"": [e.error for e in found.errors], strings.TRAFFIC_FAILED: [e.answers for e in found.errors]})
    _server(found.server)


def _figures(found: TrafficOut) -> None:
    totals = found.totals
    ended = totals.answers - totals.running
    speed = totals.completion_tokens / (found.minutes * 60)
    shown = [
        (strings.TRAFFIC_ANSWERS, f"{totals.answers:,}", None),
        (strings.TRAFFIC_FIRST, _first(totals.first_token_p50_ms, totals.first_token_p95_ms), strings.TRAFFIC_FIRST_HELP),
        (strings.TRAFFIC_SPEED, f"{speed:,.1f}", strings.TRAFFIC_SPEED_HELP),
        (strings.TRAFFIC_FAILED, f"{totals.failed / ended:.1%}" if ended else "–", strings.TRAFFIC_FAILED_HELP),
        (strings.TRAFFIC_QUEUE, f"{found.server.running:,} · {found.server.waiting:,}", strings.TRAFFIC_QUEUE_HELP),
        (strings.TRAFFIC_COST, f"${totals.cost_usd:,.4f}", strings.TRAFFIC_COST_HELP),
    ]
    with st.container(horizontal=True):
        for label, value, help_text in shown:
            st.metric(label, value, border=True, help=help_text, width=_METRIC_WIDTH)


def _first(half_ms: float | None, most_ms: float | None) -> str:
    return "–" if half_ms is None or most_ms is None else f"{_time(half_ms)} · {_time(most_ms)}"


def _time(ms: float) -> str:
    return f"{ms:.0f} ms" if ms < 1000 else f"{ms / 1000:.1f} s"


def _row(model: ModelTraffic) -> dict[str, object]:
    state = strings.TRAFFIC_NOT_CALLED
    if model.breaker is not None:
        name = "open" if model.wait_s else model.breaker.value
        state = strings.TRAFFIC_STATES[name].format(wait=model.wait_s or 0)
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
    return {strings.TRAFFIC_COLUMNS[name]: value for name, value in values.items()}


def _server(server: ServerTraffic) -> None:
    if server.is_draining:
        st.warning(strings.TRAFFIC_DRAINING)
    lines = [
        strings.TRAFFIC_SERVER.format(taken=server.places_taken, places=server.places, limit=server.running_limit),
        *([strings.TRAFFIC_REFUSED.format(counts=_counts(server.refused))] if server.refused else []),
        *([strings.TRAFFIC_UNREAD.format(counts=_counts(server.refused_unread))] if server.refused_unread else []),
    ]
    st.caption(plain(" ".join(lines)))


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{reason} {times:,}" for reason, times in sorted(counts.items()))
