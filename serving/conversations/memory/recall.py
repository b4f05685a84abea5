"""What is read from the store when a turn opens: the last turns of its branch, a summary of those before, facts."""

import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from serving.conversations.branches import turns_of_branch
from serving.conversations.memory.facts.storing import valid_facts
from serving.inference.provider import Turn
from storage.postgres.models.conversation import Conversation
from storage.postgres.models.conversation_summary import ConversationSummary
from storage.postgres.models.message import Message, MessageRole

MOST_TURNS = 40
WINDOW_TURNS = 12
WINDOW_TOKENS = 1500

_CITATION = re.compile(r"\s?\[\d+\]")


@dataclass(frozen=True)
class RecalledTurn:
    """One earlier turn; the marks of citations are taken out, since they count passages of another answer."""

    message_id: uuid.UUID
    role: str
    content: str


@dataclass(frozen=True)
class RecalledFact:
    """Something that the person said of themselves or their matter."""

    id: uuid.UUID
    kind: str
    text: str


@dataclass(frozen=True)
class Recalled:
    """The memory of one turn, turns and sentences oldest first."""

    turns: tuple[RecalledTurn, ...] = ()
    summary: tuple[str, ...] = ()
    summarized_until: uuid.UUID | None = None
    facts: tuple[RecalledFact, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to remember."""
        return not (self.turns or self.summary or self.facts)

    @property
    def questions(self) -> tuple[str, ...]:
        """What the person said, oldest first."""
        return tuple(turn.content for turn in self.turns if turn.role == MessageRole.USER)

    def window(self, count_tokens: Callable[[str], int]) -> tuple[RecalledTurn, ...]:
        """The last turns that fit into the budget, oldest first.

        Args:
            count_tokens: How many tokens a text has.
        """
        kept: list[RecalledTurn] = []
        left = WINDOW_TOKENS
        for turn in reversed(self.turns[-WINDOW_TURNS:]):
            left -= count_tokens(turn.content)
            if left < 0:
                break
            kept.append(turn)
        return tuple(reversed(kept))

    def notes(self) -> str:
        """Summary and facts as lines, which a prompt fences as data."""
        said = [f"- said before: {sentence}" for sentence in self.summary]
        known = [f"- {fact.kind.replace('_', ' ')}: {fact.text}" for fact in self.facts]
        return "\n".join([*said, *known])

    def as_json(self) -> dict[str, Any]:
        """What was remembered, by ids, for the receipt."""
        found: dict[str, Any] = {}
        if self.turns:
            found["turns"] = len(self.turns)
        if self.summarized_until is not None:
            found["summarized_until"] = str(self.summarized_until)
        if self.facts:
            found["facts"] = [str(fact.id) for fact in self.facts]
        return found


NOTHING = Recalled()


def history(turns: Sequence[RecalledTurn]) -> tuple[Turn, ...]:
    """Turns as a prompt holds them."""
    return tuple(Turn(turn.role, turn.content) for turn in turns)


async def recall(session: AsyncSession, conversation: Conversation, asked: Message) -> Recalled:
    """What is remembered when a question is asked; nothing of other branches is."""
    facts = tuple(RecalledFact(one.id, one.kind, one.text) for one in await valid_facts(session, conversation))
    if asked.parent_id is None:
        return Recalled(facts=facts)
    turns = await turns_of_branch(session, asked.parent_id, most=MOST_TURNS)
    summary = await _summary(session, [turn.id for turn in turns])
    return Recalled(
        turns=tuple(RecalledTurn(one.id, one.role, _CITATION.sub("", one.content)) for one in turns if one.content),
        summary=tuple(str(sentence["text"]) for sentence in summary.sentences) if summary else (),
        summarized_until=summary.until_message_id if summary else None,
        facts=facts,
    )


async def _summary(session: AsyncSession, branch: Sequence[uuid.UUID]) -> ConversationSummary | None:
    """The summary that reaches furthest along a branch."""
    rows = (
        await session.scalars(select(ConversationSummary).where(ConversationSummary.until_message_id.in_(branch)))
    ).all()
    place = {message_id: index for index, message_id in enumerate(branch)}
    return max(rows, key=lambda row: place[row.until_message_id], default=None)
