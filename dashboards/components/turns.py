"""Turns of a conversation, each answer with what it came from."""

from collections.abc import Sequence

import streamlit as st

from dashboards import strings
from dashboards.components.receipt import receipt
from dashboards.components.text import plain
from dashboards.data.identity import Identity
from serving.client.shapes import MessageOut

_THUMBS = {1: " · 👍", -1: " · 👎"}


def turns(person: Identity, listed: Sequence[MessageOut]) -> None:
    """Show turns in order."""
    for turn in listed:
        with st.chat_message(turn.role.value):
            st.markdown(plain(turn.content) or f"*{strings.MESSAGE_STATES[turn.state]}*")
            author = f" · {strings.INBOX_AGENT}" if turn.author == "agent" else ""
            st.caption(f"{turn.created_at:%H:%M:%S}{author}{_THUMBS.get(turn.rating or 0, '')}")
            if turn.author == "bot" and st.toggle(strings.CONVERSATIONS_MORE, key=f"receipt-{turn.id}"):
                receipt(person, turn.id)
