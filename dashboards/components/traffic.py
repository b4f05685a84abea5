"""What is shown of live traffic."""

from collections.abc import Mapping, Sequence

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
        st.dataframe(_table(found.models), hide_index=True)
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
        (words.FIRST, _time(totals.first_token_p50_ms), words.FIRST_HELP),
        (words.SLOWEST, _time(totals.first_token_p95_ms), words.SLOWEST_HELP),
        (words.SPEED, f"{speed:,.1f}", words.SPEED_HELP),
        (words.FAILED, f"{totals.failed / ended:.1%}" if ended else words.NOTHING, words.FAILED_HELP),
        (words.QUEUE, f"{found.server.running:,} · {found.server.waiting:,}", words.QUEUE_HELP),
        (words.COST, f"${totals.cost_usd:,.4f}", words.COST_HELP),
    ]
    with st.container(horizontal=True):
        for label, value, help_text in shown:
            st.metric(label, value, border=True, help=help_text, width=_METRIC_WIDTH)


def _time(ms: float | None) -> str:
    if ms is None:
        return words.NOTHING
    return f"{ms:.0f} ms" if ms < 1000 else f"{ms / 1000:.1f} s"


def _table(models: Sequence[ModelTraffic]) -> dict[str, list[str]]:
    """Columns of text; those that say nothing of any model are left out, and a phone has room for the rest."""
    rows = [_row(model) for model in models]
    columns = {words.COLUMNS[name]: [row[name] for row in rows] for name in words.COLUMNS}
    return {name: values for name, values in columns.items() if set(values) != {words.NOTHING}}


def _row(model: ModelTraffic) -> dict[str, str]:
    def shown(value: float | None, digits: int = 0) -> str:
        return words.NOTHING if value is None else f"{value:,.{digits}f}"

    state = words.NOTHING
    if model.breaker is not None:
        name = "open" if model.wait_s else model.breaker.value
        state = words.STATES[name].format(wait=model.wait_s or 0)
    elif model.connection_id is not None:
        state = words.NOT_CALLED
    return {
        "model": model.model,
        "connection": model.connection or model.provider,
        "state": state,
        "answers": shown(model.answers),
        "first": shown(model.first_token_p50_ms),
        "speed": shown(model.tokens_per_s, 1),
        "calls": shown(model.calls),
        "failures": shown(model.failures),
        "last_error": model.last_error or words.NOTHING,
    }


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
