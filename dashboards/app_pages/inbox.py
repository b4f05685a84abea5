"""Inbox: conversations that a person is to answer, with what was said, a box to reply in and canned replies."""

import streamlit as st

from dashboards import strings
from dashboards.components.canned_replies import new_canned_reply
from dashboards.components.handover import PAGE_KEY, actions, chosen_of, counted, reply_box
from dashboards.components.pager import offset_of, pager
from dashboards.components.sign_in import signed_in
from dashboards.components.states import empty, shown_errors
from dashboards.components.text import plain
from dashboards.components.turns import turns

PAGE_SIZE = 20

person = signed_in()

st.title(strings.INBOX)
with shown_errors(), person.client() as client:
    st.button(strings.INBOX_REFRESH, icon=":material/refresh:", key="inbox_refresh")
    counts = client.handover_counts()
    total = counts.requested + counts.assigned
    offset = offset_of(PAGE_KEY, total, size=PAGE_SIZE)
    queue = {one.id: one for one in client.handovers(limit=PAGE_SIZE, offset=offset)}
    if not queue:
        empty(strings.INBOX_EMPTY)
    else:
        st.caption(counted(counts))
        pager(PAGE_KEY, total, size=PAGE_SIZE)
        handover = queue[chosen_of(queue, first=offset + 1)]
        st.caption(strings.INBOX_REASONS[handover.reason])
        if handover.note:
            st.markdown(plain(strings.INBOX_NOTE.format(note=handover.note)))
        turns(person, client.messages(handover.conversation_id))
        actions(client, handover)
        if handover.is_mine:
            reply_box(client, handover)
    new_canned_reply(client)
