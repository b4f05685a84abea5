"""Bots at a glance: who answers, from what, to whom."""

import uuid
from collections.abc import Mapping, Sequence

import streamlit as st

from dashboards import bots_strings as words
from dashboards.components.text import plain
from serving.client.shapes import ChatbotOut

Names = Mapping[uuid.UUID, str]


def bot_table(bots: Sequence[ChatbotOut], models: Names, bases: Names) -> None:
    """One row per bot.

    Args:
        bots: What is shown.
        models: Names of models by id.
        bases: Names of knowledge bases by id.
    """
    rows = [
        {
            words.COLUMNS["name"]: bot.name,
            words.COLUMNS["model"]: models_of(bot, models),
            words.COLUMNS["bases"]: bases_of(bot, bases),
            words.COLUMNS["access"]: words.ACCESS[bot.access] if bot.status == "published" else words.DRAFT,
        }
        for bot in bots
    ]
    st.dataframe(rows, hide_index=True, width="stretch")


def models_of(bot: ChatbotOut, models: Names) -> str:
    """Who answers, in the order in which they are tried."""
    routing = bot.config.routing
    asked = [models.get(one.model_id, words.MODEL_GONE) for one in routing.candidates]
    is_quoted = not asked or (routing.falls_back_to_extractive and bot.config.answers_from == "documents")
    return ", ".join([*asked, words.QUOTES] if is_quoted else asked)


def reads(bot: ChatbotOut, bases: Names) -> str:
    """What those can be told who may ask it, in a sentence."""
    if bot.config.answers_from != "documents":
        return words.READS_NOTHING
    if bot.config.reads_all_knowledge_bases:
        return words.READS.format(bases=words.READS_ALL)
    return words.READS.format(bases=plain(bases_of(bot, bases)))


def bases_of(bot: ChatbotOut, bases: Names) -> str:
    """What it reads. An archived knowledge base has no name here: nothing of it is read."""
    if bot.config.answers_from != "documents":
        return words.FROM_MODEL
    if bot.config.reads_all_knowledge_bases:
        return words.ALL_BASES
    return ", ".join(bases[one] for one in bot.config.knowledge_base_ids if one in bases) or words.NO_BASES
