"""Inbox: conversations that a person is to answer, with what was said, a box to reply in and canned replies."""

import streamlit as st

from dashboards import strings
from dashboards.components.canned_replies import new_canned_reply
from dashboards.components.handover import actions, queue_line, reply_box
from dashboards.components.sign_in import signed_in
from dashboards.components.states import empty, shown_errors
from dashboards.components.text import plain
from dashboards.components.turns import turns

person = signed_in()

st.title(strings.INBOX)
with shown_errors(), person.client() as client:
    st.button(strings.INBOX_REFRESH, icon=":material/refresh:", key="inbox_refresh")
    queue = {one.id: one for one in client.handovers()}
    if not queue:
        empty(strings.INBOX_EMPTY)
    else:
        chosen = st.selectbox(
            strings.INBOX_CHOOSE, list(queue), format_func=lambda key: queue_line(queue[key]), key="inbox_handover"
        )
        handover = queue[chosen]
        st.caption(strings.INBOX_REASONS[handover.reason])
        if handover.note:
            st.markdown(plain(strings.INBOX_NOTE.format(note=handover.note)))
        turns(person, client.messages(handover.conversation_id))
        actions(client, handover)
        if handover.is_mine:
            reply_box(client, handover)
    new_canned_reply(client)
