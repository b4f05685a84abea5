"""Ask: a conversation with a bot; citations open their passage."""

from collections.abc import Iterator
from typing import Any

import streamlit as st

from dashboards import strings
from dashboards.components.sign_in import signed_in
from dashboards.components.sources import sources
from dashboards.components.states import empty, shown_errors
from dashboards.components.text import plain
from serving.client.api_client import ApiClient
from serving.client.errors import ClientError
from serving.client.shapes import AnswerOut

person = signed_in()


def history() -> list[dict[str, Any]]:
    """Turns of the open conversation."""
    turns: list[dict[str, Any]] = st.session_state.setdefault("ask_turns", [])
    return turns


def start_over() -> None:
    """Forget the open conversation; the stored one stays."""
    st.session_state["ask_turns"] = []
    st.session_state.pop("ask_conversation", None)


def rate(answer: AnswerOut, key: str) -> None:
    """Keep a thumb."""
    chosen = st.session_state.get(key)
    if chosen is None:
        return
    try:
        with person.client() as own:
            own.rate(answer.message_id, 1 if chosen else -1)
    except ClientError as error:
        st.toast(strings.ASK_RATE_FAILED.format(error=plain(str(error))))


def show_answer(answer: AnswerOut, number: int) -> None:
    """An answer with its sources and thumbs."""
    sources(person, answer.citations, key=f"source-{number}")
    sources(person, answer.related, key=f"related-{number}", title=strings.ASK_RELATED)
    key = f"thumb-{answer.message_id}"
    st.feedback("thumbs", key=key, on_change=rate, args=(answer, key))


def stream(client: ApiClient, question: str) -> AnswerOut | None:
    """Show the answer as it comes."""
    result: list[AnswerOut] = []

    def text() -> Iterator[str]:
        for event in client.stream(st.session_state["ask_conversation"], question):
            if isinstance(event, AnswerOut):
                result.append(event)
            elif isinstance(event, str):
                yield plain(event)

    st.write_stream(text())
    return result[0] if result else None


st.title(strings.ASK)
with shown_errors(), person.client() as client:
    bots = client.chatbots()
    if not bots:
        empty(strings.ASK_NO_BOT)
        st.stop()
    bot = st.selectbox(
        strings.ASK_BOT, bots, format_func=lambda b: b.name, key="ask_bot", on_change=start_over, index=len(bots) - 1
    )
    if st.button(strings.ASK_NEW, icon=":material/add_comment:"):
        start_over()
    if bot.config.welcome_message:
        with st.chat_message("assistant"):
            st.markdown(plain(bot.config.welcome_message))
    for number, turn in enumerate(history()):
        with st.chat_message(turn["role"]):
            st.markdown(plain(turn["content"]))
            if turn["answer"] is not None:
                show_answer(turn["answer"], number)
    if question := st.chat_input(strings.ASK_INPUT, max_chars=8000):
        if "ask_conversation" not in st.session_state:
            st.session_state["ask_conversation"] = client.start_conversation(bot.id, channel="dashboard").id
        with st.chat_message("user"):
            st.markdown(plain(question))
        history().append({"role": "user", "content": question, "answer": None})
        with st.chat_message("assistant"):
            answer = stream(client, question)
        if answer is not None:
            history().append({"role": "assistant", "content": answer.content, "answer": answer})
            st.rerun()
