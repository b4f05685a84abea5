"""A box to type into, and what the bot understands of it."""

import uuid

import streamlit as st

from dashboards import strings
from dashboards.components.states import empty
from dashboards.components.text import plain
from serving.client.api_client import ApiClient
from serving.client.shapes import EntityOut, UnderstandingOut
from serving.language.formats import local_value


def try_out(client: ApiClient, chatbot_id: uuid.UUID) -> None:
    """The box and what is understood."""
    st.subheader(strings.TRY_TITLE)
    text = st.text_input(strings.TRY_TEXT, max_chars=2000, key="try_text").strip()
    if not text:
        empty(strings.TRY_START)
        return
    zone = st.context.timezone
    _shown(client.understand(chatbot_id, text, **({"time_zone": zone} if zone else {})))


def _shown(found: UnderstandingOut) -> None:
    language, intent, sentiment = st.columns(3)
    with language:
        st.metric(strings.TRY_LANGUAGE, found.language or strings.TRY_UNKNOWN)
        st.caption(strings.TRY_CONFIDENCE.format(share=found.language_confidence))
    with intent:
        st.metric(strings.TRY_INTENT, _intent(found))
        if found.likeliest_intent is not None:
            told = strings.TRY_LIKELIEST.format(
                intent=found.likeliest_intent, share=found.intent_confidence, threshold=found.intent_threshold
            )
            st.caption(plain(told))
    with sentiment:
        st.metric(strings.TRY_SENTIMENT, found.sentiment.label if found.sentiment else strings.TRY_NOT_AVAILABLE)
    _entities(found.entities)
    for part, reason in found.unavailable.items():
        st.caption(plain(strings.TRY_REASON.format(part=strings.TRY_PARTS[part], detail=reason.detail)))
    stages = " · ".join(f"{part} {ms:.1f} ms" for part, ms in found.latencies_ms.items())
    st.caption(strings.TRY_TIMES.format(stages=stages))


def _intent(found: UnderstandingOut) -> str:
    if found.is_out_of_scope is None:
        return strings.TRY_NOT_AVAILABLE
    return found.intent or strings.TRY_OUT_OF_SCOPE


def _entities(found: list[EntityOut]) -> None:
    st.markdown(f"**{strings.TRY_ENTITIES}**")
    if not found:
        st.caption(strings.TRY_NO_ENTITY)
        return
    locale = st.context.locale
    rows = [
        {
            "kind": one.kind,
            "text": one.text,
            "value": local_value(one.kind, one.value, locale),
            "confidence": f"{one.confidence:.0%}",
        }
        for one in found
    ]
    st.dataframe(rows, hide_index=True, width="stretch", column_config=strings.TRY_ENTITY_COLUMNS)
