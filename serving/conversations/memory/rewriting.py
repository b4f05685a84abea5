"""A follow-up question made to stand alone: through the bot's model when it has one, else by rules."""

import re
from collections.abc import Sequence

import structlog
from anyio import to_thread

from serving.context import ServingContext
from serving.conversations.memory.asking import ask_model
from serving.conversations.memory.follow_ups import follow_up
from serving.conversations.memory.standalone import RewriteMethod, Standalone, standalone
from serving.conversations.turns import OpenTurn
from serving.inference.prompts.tasks import standalone_question
from serving.inference.provider import Role, Turn

MOST_CHARACTERS = 1_000
_MOST_TURNS = 6
_SPACES = re.compile(r"\s+")
_FIGURES = re.compile(r"\d+")

log = structlog.get_logger(__name__)


async def as_standalone(context: ServingContext, turn: OpenTurn, history: Sequence[Turn]) -> Standalone:
    """The question of a turn as it is searched for. A model is asked only when the words show that something is missing.

    Args:
        context: The process's context.
        turn: The turn.
        history: Earlier turns, oldest first.
    """
    questions = turn.memory.questions or tuple(one.content for one in history if one.role == Role.USER)
    if not questions:
        return Standalone(turn.question)
    if await to_thread.run_sync(lambda: follow_up(turn.question, before=questions[-1])) is None:
        return Standalone(turn.question)
    by_rules = await to_thread.run_sync(lambda: standalone(turn.question, questions, embedder=context.embedder))
    text = "\n".join(f"{one.role}: {one.content}" for one in [*history[-_MOST_TURNS:], Turn(Role.USER, turn.question)])
    said = await ask_model(context, turn, standalone_question(text))
    if said is None:
        return by_rules
    question = _SPACES.sub(" ", said).strip()
    if not _is_believable(question, turn.question, text):
        log.warning("rewriting_dropped", message_id=str(turn.message_id), characters=len(question))
        return by_rules
    return Standalone(question, RewriteMethod.MODEL, by_rules.leaning, by_rules.about)


def _is_believable(rewritten: str, question: str, conversation: str) -> bool:
    """A rewriting keeps the figures of the question and brings none that nobody said."""
    if not rewritten or len(rewritten) > MOST_CHARACTERS:
        return False
    said, kept = set(_FIGURES.findall(conversation)), set(_FIGURES.findall(rewritten))
    return set(_FIGURES.findall(question)) <= kept <= said
