"""Keeping a text that is written often."""

import streamlit as st

from dashboards import strings
from serving.client.api_client import ApiClient


def new_canned_reply(client: ApiClient) -> None:
    """A form for a new canned reply."""
    with (
        st.expander(strings.INBOX_CANNED_NEW, icon=":material/bolt:"),
        st.form("new_canned_reply", clear_on_submit=True, border=False),
    ):
        shortcut = st.text_input(strings.INBOX_CANNED_SHORTCUT, max_chars=50, key="canned_shortcut").strip().lower()
        title = st.text_input(strings.INBOX_CANNED_TITLE, max_chars=255, key="canned_title").strip()
        text = st.text_area(strings.INBOX_CANNED_TEXT, key="canned_text").strip()
        if st.form_submit_button(strings.INBOX_CANNED_KEEP) and shortcut and title and text:
            client.create_canned_reply(shortcut=shortcut, title=title, text=text)
            st.rerun()
