"""Opening a bot to visitors and closing it again, with the limits of a day and the link to its chat page."""

import streamlit as st

from dashboards import bots_strings as words
from dashboards.components.text import plain
from dashboards.settings import dashboard_settings
from serving.client.api_client import ApiClient
from serving.client.shapes import ChatbotOut

_MOST = 1_000_000


def publishing(client: ApiClient, bot: ChatbotOut, reads: str, organization: str) -> None:
    """What is true now, and what can be done.

    Args:
        client: Acts as somebody who may change bots.
        bot: The bot.
        reads: What those can be told who may ask it, in a sentence.
        organization: Its organization's slug.
    """
    is_open = is_public(bot)
    _link(bot, organization, is_open=is_open)
    if is_open:
        _open(client, bot, reads)
    else:
        _closed(client, bot, reads)


def is_public(bot: ChatbotOut) -> bool:
    """Whether anyone who has the link can ask it."""
    return bot.status == "published" and bot.access == "anyone"


def chat_url(bot: ChatbotOut, organization: str, *, is_open: bool) -> str:
    """Address of a bot's chat page: visitors come by its id, members by its slug in their organization."""
    settings = dashboard_settings()
    at = f"{(settings.chat_url or settings.api_url).rstrip('/')}/chat"
    return f"{at}/{bot.id}" if is_open else f"{at}/{bot.slug}?organization={organization}"


def _link(bot: ChatbotOut, organization: str, *, is_open: bool) -> None:
    if bot.status != "published":
        return
    st.markdown(words.LINK_ANYONE if is_open else words.LINK_MEMBERS, help=words.LINK_HELP)
    # A code block has a button to copy it.
    st.code(chat_url(bot, organization, is_open=is_open), language=None, wrap_lines=True)


def _limits(bot: ChatbotOut) -> tuple[int, int]:
    of_one = st.number_input(
        words.PER_VISITOR, 1, _MOST, bot.daily_questions_per_visitor, key=f"bots_one-{bot.id}", help=words.LIMITS_HELP
    )
    of_all = st.number_input(
        words.OF_ALL, 1, _MOST, bot.daily_questions_of_all_visitors, key=f"bots_all-{bot.id}", help=words.LIMITS_HELP
    )
    return int(of_one), int(of_all)


def _closed(client: ApiClient, bot: ChatbotOut, reads: str) -> None:
    st.subheader(words.PUBLISH)
    st.markdown(words.PUBLISH_SAYS.format(name=plain(bot.name), reads=reads))
    if bot.config.reads_all_knowledge_bases and bot.config.answers_from == "documents":
        st.warning(words.PUBLISH_ALL, icon=":material/warning:")
    if bot.status != "published":
        st.info(words.PUBLISH_DRAFT)
    of_one, of_all = _limits(bot)
    is_sure = st.checkbox(words.SURE, key=f"bots_sure-{bot.id}")
    if st.button(words.DO_PUBLISH, type="primary", disabled=not is_sure, icon=":material/public:"):
        client.update_chatbot(
            bot.id, status="published", access="anyone", daily_questions_per_visitor=of_one,
            daily_questions_of_all_visitors=of_all,
        )  # fmt: skip
        st.toast(words.PUBLISHED)
        st.rerun()


def _open(client: ApiClient, bot: ChatbotOut, reads: str) -> None:
    st.markdown(words.OPEN_SAYS.format(name=plain(bot.name), reads=reads))
    of_one, of_all = _limits(bot)
    with st.container(horizontal=True):
        if st.button(words.SAVE_LIMITS):
            client.update_chatbot(
                bot.id, daily_questions_per_visitor=of_one, daily_questions_of_all_visitors=of_all
            )  # fmt: skip
            st.toast(words.SAVED)
            st.rerun()
        with st.popover(words.UNPUBLISH, icon=":material/public_off:"):
            st.markdown(words.UNPUBLISH_SAYS)
            if st.button(words.DO_UNPUBLISH, type="primary"):
                client.update_chatbot(bot.id, access="members")
                st.toast(words.UNPUBLISHED)
                st.rerun()
