"""Conversations: what was said, and what each answer came from."""

import streamlit as st

from dashboards import strings
from dashboards.components.receipt import receipt
from dashboards.components.sign_in import signed_in
from dashboards.components.states import empty, shown_errors
from dashboards.components.text import plain

person = signed_in()

st.title(strings.CONVERSATIONS)
with shown_errors(), person.client() as client:
    listed = client.conversations(limit=200)
    if not listed:
        empty(strings.CONVERSATIONS_EMPTY)
        st.stop()
    names = {c.id: f"{c.updated_at:%d %b %H:%M} · {c.chatbot_name} · {c.title or strings.UNTITLED}" for c in listed}
    chosen = st.selectbox(strings.CONVERSATIONS_CHOOSE, list(names), format_func=lambda i: names[i])
    turns = client.messages(chosen)
for turn in turns:
    with st.chat_message(turn.role.value):
        st.markdown(plain(turn.content) or f"*{strings.MESSAGE_STATES[turn.state]}*")
        st.caption(f"{turn.created_at:%H:%M:%S}{' · 👍' if turn.rating == 1 else ' · 👎' if turn.rating == -1 else ''}")
        if turn.role == "assistant" and st.toggle(strings.CONVERSATIONS_MORE, key=f"receipt-{turn.id}"):
            receipt(person, turn.id)
