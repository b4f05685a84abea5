"""Which knowledge bases a bot reads."""

import streamlit as st

from dashboards import bots_strings as words
from dashboards.components.bot_table import Names
from serving.client.api_client import ApiClient
from serving.client.shapes import ChatbotOut


def bot_reading(client: ApiClient, bot: ChatbotOut, bases: Names) -> None:
    """A small form; a bot that answers without documents has none."""
    if bot.config.answers_from != "documents":
        return
    with st.expander(words.READING, icon=":material/menu_book:"):
        reads_all = st.checkbox(words.READING_ALL, bot.config.reads_all_knowledge_bases, key=f"bots_reads_all-{bot.id}")
        chosen = st.multiselect(
            words.READING_BASES,
            list(bases),
            [one for one in bot.config.knowledge_base_ids if one in bases],
            format_func=lambda one: bases[one],
            disabled=reads_all,
            key=f"bots_bases-{bot.id}",
        )
        if st.button(words.READING_SAVE):
            ids = [str(one) for one in chosen]
            client.update_chatbot(bot.id, reads_all_knowledge_bases=reads_all, knowledge_base_ids=ids)
            st.toast(words.READING_SAVED)
            st.rerun()
