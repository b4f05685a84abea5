"""A conversation that is being had: its turns with sources, thumbs, other wordings and other tries."""

import uuid
from collections.abc import Iterator, Sequence

import streamlit as st

from dashboards import strings
from dashboards.components.sources import sources
from dashboards.components.text import plain
from dashboards.data.identity import Identity
from serving.client.api_client import ApiClient
from serving.client.conversation_client import StreamEvent
from serving.client.errors import ClientError
from serving.client.shapes import AnswerOut, ChatbotOut, MessageOut

_CONVERSATION, _ANSWERS = "ask_conversation", "ask_answers"


def start_over() -> None:
    """Forget the open conversation; the stored one stays."""
    st.session_state.pop(_CONVERSATION, None)
    st.session_state.pop(_ANSWERS, None)


def chat(person: Identity, client: ApiClient, bot: ChatbotOut) -> None:
    """The turns so far, and the box for the next question."""
    conversation: uuid.UUID | None = st.session_state.get(_CONVERSATION)
    turns = client.messages(conversation) if conversation else []
    for turn in turns:
        with st.chat_message(turn.role.value):
            _turn(person, client, turn, is_last=turn is turns[-1])
    if conversation and turns:
        _person(client, conversation)
    if question := st.chat_input(strings.ASK_INPUT, max_chars=8000):
        if conversation is None:
            conversation = client.start_conversation(bot.id, channel="dashboard").id
            st.session_state[_CONVERSATION] = conversation
        with st.chat_message("user"):
            st.markdown(plain(question))
        with st.chat_message("assistant"):
            _shown(client.stream(conversation, question))


def _turn(person: Identity, client: ApiClient, turn: MessageOut, *, is_last: bool) -> None:
    st.markdown(plain(turn.content) or f"*{strings.MESSAGE_STATES[turn.state]}*")
    if turn.author == "agent":
        st.caption(strings.INBOX_AGENT)
    answer: AnswerOut | None = st.session_state.get(_ANSWERS, {}).get(turn.id)
    if turn.author == "user" and answer is not None:
        st.info(plain(answer.content), icon=":material/support_agent:")  # a person is to answer: nothing else tells so
    elif answer is not None:
        sources(person, answer.citations, key=f"source-{turn.id}")
        sources(person, answer.related, key=f"related-{turn.id}", title=strings.ASK_RELATED)
    with st.container(horizontal=True, vertical_alignment="center"):
        if turn.author == "bot" and turn.state == "complete":
            key = f"thumb-{turn.id}"
            st.feedback("thumbs", key=key, on_change=_rate, args=(person, turn.id, key))
        if turn.siblings > 1:
            _variants(client, turn)
        if turn.author == "bot" and is_last:
            again = st.button(strings.ASK_TRY_AGAIN, key=f"again-{turn.id}", icon=":material/refresh:", type="tertiary")
        else:
            again = False
        edited = _other_words(turn) if turn.author == "user" else None
    if again:
        _shown(client.retry(turn.id))
    if edited:
        _shown(client.edit(turn.id, edited))


def _variants(client: ApiClient, turn: MessageOut) -> None:
    """Which of several wordings or tries this is, and the ones before and after it."""
    step = 0
    if st.button(
        "", key=f"earlier-{turn.id}", icon=":material/chevron_left:", type="tertiary", help=strings.ASK_EARLIER,
        disabled=turn.sibling == 1,
    ):  # fmt: skip
        step = -1
    st.caption(strings.ASK_VARIANT.format(number=turn.sibling, count=turn.siblings), width="content")
    if st.button(
        "", key=f"later-{turn.id}", icon=":material/chevron_right:", type="tertiary", help=strings.ASK_LATER,
        disabled=turn.sibling == turn.siblings,
    ):  # fmt: skip
        step = 1
    if step:
        beside = _siblings(client.messages(turn.conversation_id, of_all_branches=True), turn)
        client.switch_branch(turn.conversation_id, beside[turn.sibling - 1 + step].id)
        st.rerun()


def _siblings(tree: Sequence[MessageOut], turn: MessageOut) -> list[MessageOut]:
    beside = [one for one in tree if one.parent_id == turn.parent_id and one.ordinal == turn.ordinal]
    return sorted(beside, key=lambda one: one.sibling)


def _other_words(turn: MessageOut) -> str | None:
    """A box to ask the question in other words; what was sent."""
    with (
        st.popover(strings.ASK_EDIT, icon=":material/edit:", type="tertiary"),
        st.form(f"edit-{turn.id}", border=False),
    ):
        text = st.text_area(strings.ASK_EDIT, value=turn.content, max_chars=8000, label_visibility="collapsed")
        if st.form_submit_button(strings.ASK_EDIT_SEND, type="primary"):
            return text.strip() or None
    return None


def _person(client: ApiClient, conversation: uuid.UUID) -> None:
    if st.button(strings.ASK_PERSON, key="ask_person", icon=":material/support_agent:", type="tertiary"):
        client.request_handover(conversation)
        st.info(strings.ASK_PERSON_ASKED.format(refresh=strings.INBOX_REFRESH))
        st.button(strings.INBOX_REFRESH, icon=":material/refresh:", key="ask_refresh")


def _shown(events: Iterator[StreamEvent]) -> None:
    """Show an answer as it comes, keep it for its sources, and draw the page anew."""
    answers: dict[uuid.UUID, AnswerOut] = st.session_state.setdefault(_ANSWERS, {})

    def text() -> Iterator[str]:
        for event in events:
            if isinstance(event, AnswerOut):
                answers[event.message_id] = event
            elif isinstance(event, str):
                yield plain(event)

    st.write_stream(text())
    st.rerun()


def _rate(person: Identity, message_id: uuid.UUID, key: str) -> None:
    chosen = st.session_state.get(key)
    if chosen is None:
        return
    try:
        with person.client() as own:
            own.rate(message_id, 1 if chosen else -1)
    except ClientError as error:
        st.toast(strings.ASK_RATE_FAILED.format(error=plain(str(error))))
