"""Bots: who answers, from what and to whom; publishing one to visitors and closing it again."""

import streamlit as st

from dashboards import bots_strings as words
from dashboards import strings
from dashboards.components.bot_reading import bot_reading
from dashboards.components.bot_table import bot_table, reads
from dashboards.components.publishing import publishing
from dashboards.components.sign_in import signed_in
from dashboards.components.states import empty, shown_errors

person = signed_in()

st.title(strings.BOTS)
with shown_errors(), person.client() as client:
    bots = {one.id: one for one in client.chatbots()}
    if not bots:
        empty(words.NONE)
        st.stop()
    models = {one.id: one.display_name for one in client.models()}
    bases = {one.id: one.name for one in client.knowledge_bases()}
    bot_table(list(bots.values()), models, bases)
    bot = bots[st.selectbox(words.CHOOSE, list(bots), format_func=lambda one: bots[one].name, key="bots_bot")]
    publishing(client, bot, reads(bot, bases), person.current.slug)
    bot_reading(client, bot, bases)
