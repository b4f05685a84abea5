"""What people asked a bot: the share of its intents, what is out of scope, and how it sounded over time."""

import uuid

import polars as pl
import streamlit as st

from dashboards import strings
from dashboards.components.charts import intent_shares, sentiment_per_day
from dashboards.components.states import empty, failed
from dashboards.data.identity import Identity
from dashboards.data.questions import AskedAbout
from dashboards.data.questions import asked_about as read
from dashboards.data.warehouse import WarehouseNotBuiltError

_METRIC_WIDTH = 170


def asked_about(person: Identity, chatbot_id: uuid.UUID) -> None:
    """Figures and charts of a period."""
    st.subheader(strings.ASKED_TITLE)
    days = st.segmented_control(
        strings.ASKED_DAYS,
        list(strings.OVERVIEW_DAY_NAMES),
        default=30,
        required=True,
        format_func=lambda n: strings.OVERVIEW_DAY_NAMES[n],
        key="asked_days",
    )
    try:
        found = read(person.current.organization_id, chatbot_id, days or 30)
    except WarehouseNotBuiltError:
        empty(strings.OVERVIEW_NOT_BUILT)
        return
    except Exception as error:  # noqa: BLE001 - the rest of the page works without the warehouse
        failed(f"{type(error).__name__}: the warehouse cannot be read right now")
        return
    if not found.questions:
        empty(strings.ASKED_EMPTY)
        return
    _figures(found)
    _intents(found)
    _sentiment(found)


def _figures(found: AskedAbout) -> None:
    with st.container(horizontal=True):
        st.metric(strings.ASKED_QUESTIONS, f"{found.questions:,}", border=True, width=_METRIC_WIDTH)
        for label, value, help_text in (
            (strings.ASKED_OUT_OF_SCOPE, found.out_of_scope_share, strings.ASKED_OUT_OF_SCOPE_HELP),
            (strings.ASKED_NEGATIVE, found.negative_share, strings.ASKED_NEGATIVE_HELP),
        ):
            shown = "–" if value is None else f"{value:.0%}"
            st.metric(label, shown, border=True, help=help_text, width=_METRIC_WIDTH)


def _intents(found: AskedAbout) -> None:
    st.markdown(f"**{strings.ASKED_INTENTS}**")
    if found.out_of_scope_share is None:
        empty(strings.ASKED_NO_INTENTS)
        return
    named = found.intents.with_columns(pl.col("intent").fill_null(strings.ASKED_OUTSIDE))
    st.altair_chart(intent_shares(named), alt=strings.ASKED_INTENTS_ALT)


def _sentiment(found: AskedAbout) -> None:
    st.markdown(f"**{strings.ASKED_SENTIMENT}**")
    if found.negative_share is None:
        empty(strings.ASKED_NO_SENTIMENT)
        return
    st.altair_chart(sentiment_per_day(found.sentiment), alt=strings.ASKED_SENTIMENT_ALT)
