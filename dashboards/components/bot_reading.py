"""Which knowledge bases a bot reads."""

import uuid
from collections.abc import Sequence

import streamlit as st

from dashboards import bots_strings as words
from dashboards.components.bot_table import Names
from dashboards.components.publishing import is_public
from dashboards.components.text import plain
from serving.client.api_client import ApiClient
from serving.client.shapes import ChatbotOut


def bot_reading(client: ApiClient, bot: ChatbotOut, bases: Names) -> None:
    """A small form; a bot that answers without documents has none.

    Archived knowledge bases have no name here and stay as they are. What is added to a bot that is open to anyone is public
    at once, so it is saved after the same yes as publishing.
    """
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
        archived = [one for one in bot.config.knowledge_base_ids if one not in bases]
        may = _is_sure(bot, bases, chosen, reads_all=reads_all)
        if st.button(words.READING_SAVE, disabled=not may) and may:
            ids = [str(one) for one in (*chosen, *archived)]
            client.update_chatbot(bot.id, reads_all_knowledge_bases=reads_all, knowledge_base_ids=ids)
            st.toast(words.READING_SAVED)
            st.rerun()


def _is_sure(bot: ChatbotOut, bases: Names, chosen: Sequence[uuid.UUID], *, reads_all: bool) -> bool:
    added = [one for one in chosen if one not in bot.config.knowledge_base_ids]
    if not is_public(bot) or bot.config.reads_all_knowledge_bases or not (reads_all or added):
        return True
    if reads_all:
        st.warning(words.READING_OPEN_ALL, icon=":material/warning:")
    else:
        names = plain(", ".join(bases[one] for one in chosen))
        st.warning(words.READING_OPEN.format(bases=names), icon=":material/warning:")
    # A yes counts for what it was given to: another choice asks again.
    of = "all" if reads_all else "-".join(sorted(map(str, added)))
    return st.checkbox(words.SURE, key=f"bots_reads_sure-{bot.id}-{of}")
