"""Conversations: what was said, and what each answer came from."""

import streamlit as st

from dashboards import strings
from dashboards.components.sign_in import signed_in
from dashboards.components.states import empty, shown_errors
from dashboards.components.turns import turns

person = signed_in()

st.title(strings.CONVERSATIONS)
with shown_errors(), person.client() as client:
    listed = client.conversations(limit=200)
    if not listed:
        empty(strings.CONVERSATIONS_EMPTY)
        st.stop()
    names = {
        c.id: f"{c.updated_at:%d %b %H:%M} · {c.chatbot_name} · {strings.ASKERS[c.asker]} · {c.title or strings.UNTITLED}"
        for c in listed
    }
    chosen = st.selectbox(strings.CONVERSATIONS_CHOOSE, list(names), format_func=lambda i: names[i])
    listed_turns = client.messages(chosen)
turns(person, listed_turns)
