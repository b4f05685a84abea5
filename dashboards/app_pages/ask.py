"""Ask: a conversation with a bot; citations open their passage."""

import streamlit as st

from dashboards import strings
from dashboards.components.chat import chat, start_over
from dashboards.components.sign_in import signed_in
from dashboards.components.states import empty, shown_errors
from dashboards.components.text import plain

person = signed_in()

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
    chat(person, client, bot)
