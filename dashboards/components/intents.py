"""Intents of a bot with their examples."""

import uuid

import streamlit as st

from dashboards import strings
from dashboards.components.states import empty
from dashboards.components.text import plain
from serving.client.api_client import ApiClient
from serving.client.shapes import IntentOut


def intents(client: ApiClient, chatbot_id: uuid.UUID, found: list[IntentOut], *, may_write: bool) -> None:
    """Every intent in a fold of its own, and a form for a new one."""
    st.subheader(strings.INTENTS)
    if not found:
        empty(strings.INTENTS_NONE)
    for one in found:
        outside = strings.INTENTS_OUT_OF_SCOPE if one.is_out_of_scope else ""
        title = strings.INTENTS_NAME.format(name=one.name, count=one.examples) + outside
        fold = st.expander(plain(title), icon=":material/label:", on_change="rerun", key=f"intent-{one.id}")
        if fold.open:  # examples of a closed fold are not asked for
            with fold:
                _intent(client, chatbot_id, one, may_write=may_write)
    if may_write:
        _new(client, chatbot_id)


def _intent(client: ApiClient, chatbot_id: uuid.UUID, intent: IntentOut, *, may_write: bool) -> None:
    for example in client.intent_examples(chatbot_id, intent.id):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(plain(example.text))
            if may_write and st.button(strings.INTENTS_DELETE_EXAMPLE, key=f"example-{example.id}", type="tertiary"):
                client.delete_intent_example(chatbot_id, intent.id, example.id)
                st.rerun()
    if not may_write:
        return
    with st.form(f"add-{intent.id}", clear_on_submit=True, border=False):
        texts = _lines(st.text_area(strings.INTENTS_EXAMPLES, key=f"examples-{intent.id}"))
        if st.form_submit_button(strings.INTENTS_ADD_EXAMPLES) and texts:
            client.add_intent_examples(chatbot_id, None if intent.is_out_of_scope else intent.name, texts)
            st.rerun()
    if st.button(strings.INTENTS_DELETE, key=f"delete-{intent.id}", type="tertiary"):
        client.delete_intent(chatbot_id, intent.id)
        st.rerun()


def _new(client: ApiClient, chatbot_id: uuid.UUID) -> None:
    with st.form("new_intent", clear_on_submit=True):
        st.markdown(f"**{strings.INTENTS_NEW}**")
        name = st.text_input(strings.INTENTS_NEW_NAME, max_chars=100, key="new_intent_name").strip()
        texts = _lines(st.text_area(strings.INTENTS_EXAMPLES, key="new_intent_examples"))
        outside = st.checkbox(strings.INTENTS_NEW_OUTSIDE, key="new_intent_outside")
        if st.form_submit_button(strings.INTENTS_NEW_BUTTON) and name:
            client.create_intent(chatbot_id, name=name, is_out_of_scope=outside, examples=texts)
            st.rerun()


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
