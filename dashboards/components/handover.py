"""One hand-over: its line in the queue, taking and giving back, replying."""

import uuid
from collections.abc import Mapping

import streamlit as st

from dashboards import strings
from dashboards.components.pager import turn_to
from dashboards.components.text import plain
from serving.client.api_client import ApiClient
from serving.client.shapes import HandoverCounts, QueuedHandover

PAGE_KEY = "inbox_page"
_CHOSEN_KEY = "inbox_handover"


def counted(counts: HandoverCounts) -> str:
    """How long the queue is, in one line."""
    waiting = strings.INBOX_WAITING.get(counts.requested) or strings.INBOX_WAIT.format(count=counts.requested)
    return strings.INBOX_COUNTS.format(waiting=waiting, assigned=counts.assigned, mine=counts.mine)


def chosen_of(queue: Mapping[uuid.UUID, QueuedHandover], *, first: int) -> uuid.UUID:
    """Which one is looked at: the same as before while it is in the queue, whatever its line says by now.

    Args:
        queue: A page of the queue, by id; not empty.
        first: The place of its first one in the whole queue.
    """
    # A browser names what is chosen by its line, which changes with every minute that it waits. So it is said anew.
    before = st.session_state.pop(_CHOSEN_KEY, None)
    if before in queue:
        st.session_state[_CHOSEN_KEY] = before
    places = {key: place for place, key in enumerate(queue, start=first)}
    return st.selectbox(
        strings.INBOX_CHOOSE,
        list(queue),
        format_func=lambda key: queue_line(queue[key], place=places[key]),
        key=_CHOSEN_KEY,
    )


def queue_line(handover: QueuedHandover, *, place: int) -> str:
    """A hand-over in one line, which no other one has: two may look alike otherwise."""
    return strings.INBOX_LINE.format(
        place=place,
        state=strings.INBOX_STATES[handover.state],
        waited=strings.MINUTES.format(count=round(handover.waited_s / 60)),
        bot=handover.chatbot_name,
        asker=strings.ASKERS[handover.asker],
        title=handover.title or strings.UNTITLED,
    )


def actions(client: ApiClient, handover: QueuedHandover) -> None:
    """Take it, put it back, or give it back to the bot."""
    if handover.state == "assigned" and not handover.is_mine:
        st.info(plain(strings.INBOX_TAKEN_BY.format(name=handover.assigned_to or "")), icon=":material/person:")
        return
    # Buttons stand below each other where a phone has no room beside.
    with st.container(horizontal=True):
        if handover.state == "requested" and st.button(strings.INBOX_TAKE, type="primary", key="inbox_take"):
            client.take_handover(handover.id)
            turn_to(PAGE_KEY, 0)  # one's own come first
            st.rerun()
        if handover.is_mine and st.button(strings.INBOX_RELEASE, key="inbox_release"):
            client.release_handover(handover.id)
            st.rerun()
        if handover.is_mine and st.button(strings.INBOX_RESOLVE, key="inbox_resolve"):
            client.resolve_handover(handover.id)
            st.rerun()


def reply_box(client: ApiClient, handover: QueuedHandover) -> None:
    """A box to reply in; a canned reply that is chosen is put into it, to be changed before it is sent."""
    words = st.text_input(strings.INBOX_CANNED_SEARCH, key="inbox_search").strip()
    replies = {one.shortcut: one for one in client.canned_replies(words)}
    shortcut = st.selectbox(
        strings.INBOX_CANNED,
        [None, *replies],
        format_func=lambda key: f"{key} · {replies[key].title}" if key else strings.INBOX_CANNED_NONE,
        key="inbox_canned",
    )
    # What was typed for one person is not sent to another: each has a box of their own.
    with st.form(f"inbox_reply-{handover.id}", clear_on_submit=True):
        # A key of its own for each text: the box then begins with it, and keeps what is typed until another is chosen.
        text = st.text_area(
            strings.INBOX_REPLY,
            value=replies[shortcut].text if shortcut else "",
            key=f"inbox_text-{handover.id}-{shortcut}",
        )
        if st.form_submit_button(strings.INBOX_SEND, type="primary") and text.strip():
            client.reply(handover.id, text.strip())
            st.rerun()
