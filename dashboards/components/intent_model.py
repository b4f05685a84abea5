"""Training of a bot's intents, how good the live model is, and a test with one's own texts."""

import re
import uuid

import streamlit as st

from dashboards import strings
from dashboards.components.states import empty
from serving.client.api_client import ApiClient
from serving.client.shapes import Confusion, IntentMetrics, IntentsOut

_BEFORE_INTENT = re.compile(r"\s*[\t|]\s*")


def intent_model(client: ApiClient, chatbot_id: uuid.UUID, found: IntentsOut, *, may_write: bool) -> None:
    """The live model with its figures, a button that trains, and a test."""
    st.subheader(strings.MODEL_TITLE)
    if found.live_model is None:
        empty(strings.MODEL_NONE)
    else:
        st.caption(strings.MODEL_LIVE.format(number=found.live_model.number))
        if found.is_stale:
            st.warning(strings.MODEL_STALE, icon=":material/update:")
        _metrics(found.live_model.metrics)
    if may_write and st.button(strings.MODEL_TRAIN, icon=":material/model_training:", disabled=not found.intents):
        with st.spinner(strings.MODEL_TRAINING):
            client.train_intents(chatbot_id)
        st.rerun()
    if found.live_model is not None:
        _test(client, chatbot_id)


def _metrics(metrics: IntentMetrics) -> None:
    right, refused, outside = st.columns(3)
    right.metric(strings.MODEL_ACCURACY, f"{metrics.accuracy:.1%}", help=strings.MODEL_ACCURACY_HELP)
    refused.metric(strings.MODEL_REFUSED, f"{metrics.refused_share:.1%}")
    recall = metrics.out_of_scope_recall
    outside.metric(strings.MODEL_OUTSIDE, strings.MODEL_OUTSIDE_NONE if recall is None else f"{recall:.1%}")
    if metrics.confusions:
        with st.expander(strings.MODEL_CONFUSIONS.format(count=len(metrics.confusions))):
            _confusions(metrics.confusions)


def _confusions(found: list[Confusion]) -> None:
    rows = [
        {
            "intent": one.intent or strings.TRY_OUT_OF_SCOPE,
            "taken_for": one.taken_for or strings.TRY_OUT_OF_SCOPE,
            "count": one.count,
            "example": one.example,
        }
        for one in found
    ]
    st.dataframe(rows, hide_index=True, width="stretch", column_config=strings.MODEL_CONFUSION_COLUMNS)


def _test(client: ApiClient, chatbot_id: uuid.UUID) -> None:
    with st.expander(strings.MODEL_TEST, icon=":material/rule:"), st.form("test_intents", border=False):
        written = st.text_area(strings.MODEL_TEST_HELP, key="test_texts")
        examples = [_labelled(line) for line in written.splitlines() if line.strip()]
        if st.form_submit_button(strings.MODEL_TEST_BUTTON) and examples:
            _metrics(client.test_intents(chatbot_id, examples))


def _labelled(line: str) -> tuple[str, str | None]:
    text, *rest = _BEFORE_INTENT.split(line.strip(), maxsplit=1)
    return text, (rest[0] if rest and rest[0] else None)
