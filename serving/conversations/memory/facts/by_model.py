"""Facts in what a person says, through the bot's model: beside the answer, and only what was said word for word."""

import json
import re
from typing import Any

import structlog

from serving.context import ServingContext
from serving.conversations.memory.asking import ask_model
from serving.conversations.memory.facts.rules import MOST_CHARACTERS, MOST_FACTS, FoundFact
from serving.conversations.memory.facts.storing import store_facts
from serving.conversations.turns import OpenTurn
from serving.inference.prompts.tasks import stated_facts
from serving.inference.provider import JsonSchema
from storage.postgres.models.conversation import Conversation
from storage.postgres.models.conversation_fact import FactKind
from storage.postgres.models.message import Message
from storage.postgres.session import async_organization_session

_CONFIDENCE = 0.6
_FEWEST_WORDS = 3
_MOST_TEXT = 200
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]?")
_SCHEMA = JsonSchema(
    "facts",
    {
        "type": "object",
        "properties": {
            "facts": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"kind": {"enum": [kind.value for kind in FactKind]}, "text": {"type": "string"}},
                    "required": ["kind", "text"],
                    "additionalProperties": False,
                },
            }
        },
        "required": ["facts"],
        "additionalProperties": False,
    },
)

log = structlog.get_logger(__name__)


def states_something(text: str) -> bool:
    """Whether any sentence is no question: a model is not paid to find that a question states nothing."""
    sentences = (sentence.strip() for sentence in _SENTENCE.findall(text))
    return any(not one.endswith("?") and len(one.split()) >= _FEWEST_WORDS for one in sentences)


async def learn_facts(context: ServingContext, turn: OpenTurn) -> None:
    """Keep the facts that the bot's model finds in a question; nothing without a model."""
    said = await ask_model(context, turn, stated_facts(turn.question[:MOST_CHARACTERS]), schema=_SCHEMA)
    if said is None:
        return
    found = facts_told(said, turn.question)
    if not found:
        return
    async with async_organization_session(context.engine, turn.actor.organization_id) as session:
        conversation = await session.get(Conversation, turn.conversation_id, with_for_update=True)
        message = await session.get(Message, turn.question_id)
        if conversation is not None and message is not None:
            await store_facts(session, conversation, message, found)


def facts_told(told: str, text: str) -> list[FoundFact]:
    """The facts in a model's JSON that a text says word for word; none when it is no such JSON."""
    try:
        listed: list[Any] = list(json.loads(told)["facts"])
        pairs = [(FactKind(one["kind"]), str(one["text"]).strip()) for one in listed]
    except (ValueError, KeyError, TypeError, RecursionError):
        log.warning("facts_unreadable", characters=len(told))
        return []
    kept = [
        FoundFact(kind, said, _CONFIDENCE) for kind, said in pairs if said and said in text and len(said) <= _MOST_TEXT
    ]
    return kept[:MOST_FACTS]
