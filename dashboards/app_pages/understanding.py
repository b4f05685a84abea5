"""Understanding: a box to try it out, what people asked, and a bot's intents with their examples and training."""

import streamlit as st

from dashboards import strings
from dashboards.components.asked_about import asked_about
from dashboards.components.intent_model import intent_model
from dashboards.components.intents import intents
from dashboards.components.sign_in import signed_in
from dashboards.components.states import empty, shown_errors
from dashboards.components.understood import try_out

person = signed_in()
may_write = person.may_write_bots()

st.title(strings.UNDERSTANDING)
with shown_errors(), person.client() as client:
    bots = client.chatbots()
    if not bots:
        empty(strings.UNDERSTANDING_NO_BOT)
        st.stop()
    bot = st.selectbox(strings.UNDERSTANDING_BOT, bots, format_func=lambda one: one.name, key="understanding_bot")
    try_out(client, bot.id)
    asked_about(person, bot.id)
    found = client.intents(bot.id)
    intent_model(client, bot.id, found, may_write=may_write)
    intents(client, bot.id, found.intents, may_write=may_write)
