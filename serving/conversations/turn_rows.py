"""The rows of a question and of the place of its answer."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime

from serving.accounts.principal import Actor
from serving.conversations.turns import LEASE
from storage.postgres.models.conversation import Conversation
from storage.postgres.models.message import Message, MessageAuthor, MessageRole, MessageState


def question_row(
    conversation: Conversation, actor: Actor, content: str, after: Message | None, variants: Mapping[int, int]
) -> Message:
    """A question after another turn, or the first one.

    Args:
        conversation: Where it is asked.
        actor: Who asks.
        content: Its text.
        after: The turn that it follows.
        variants: The number of a further turn at a place; 0 where none is given.
    """
    ordinal = after.ordinal + 1 if after is not None else 0
    return Message(
        id=uuid.uuid4(),
        organization_id=conversation.organization_id,
        conversation_id=conversation.id,
        parent_id=after.id if after is not None else None,
        ordinal=ordinal,
        variant=variants.get(ordinal, 0),
        role=MessageRole.USER,
        author=MessageAuthor.USER,
        author_user_id=actor.user_id,
        state=MessageState.COMPLETE,
        content=content,
        generation=0,
        leased_until=None,
        completed_at=datetime.now(UTC),
    )


def answer_row(conversation: Conversation, asked: Message, variants: Mapping[int, int]) -> Message:
    """The place of an answer; its lease says that this process writes it."""
    return Message(
        id=uuid.uuid4(),
        organization_id=conversation.organization_id,
        conversation_id=conversation.id,
        parent_id=asked.id,
        ordinal=asked.ordinal + 1,
        variant=variants.get(asked.ordinal + 1, 0),
        role=MessageRole.ASSISTANT,
        author=MessageAuthor.BOT,
        author_user_id=None,
        state=MessageState.STREAMING,
        content="",
        generation=0,
        leased_until=datetime.now(UTC) + LEASE,
        completed_at=None,
    )
