"""Keeping facts: a newer one of which there can be only one ends the older."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from serving.conversations.memory.facts.rules import FoundFact, facts_in
from storage.postgres.models.conversation import Conversation
from storage.postgres.models.conversation_fact import ConversationFact, FactKind, FactSubject
from storage.postgres.models.message import Message

# A person has one name and one language that they want; of products, orders and preferences they can have several.
_ONLY_ONE = frozenset({FactKind.NAME, FactKind.LANGUAGE})
_MOST_RECALLED = 20


async def store_facts(
    session: AsyncSession, conversation: Conversation, said: Message, found: Sequence[FoundFact] | None = None
) -> int:
    """Keep the facts that a message states; how many are new.

    Args:
        session: The transaction.
        conversation: Where it was said.
        said: The message of a person.
        found: The facts in it; found by rules unless given.
    """
    new = list(facts_in(said.content) if found is None else found)
    if not new:
        return 0
    valid = await valid_facts(session, conversation)
    count = 0
    for fact in new:
        alike = [one for one in valid if one.kind == fact.kind]
        if any(one.text.casefold() == fact.text.casefold() for one in alike):
            continue
        replaced = alike[-1] if alike and fact.kind in _ONLY_ONE else None
        if replaced is not None:
            replaced.valid_until = datetime.now(UTC)
            valid.remove(replaced)
        row = ConversationFact(
            id=uuid.uuid4(),
            organization_id=conversation.organization_id,
            conversation_id=conversation.id,
            user_id=conversation.user_id if fact.subject is FactSubject.USER else None,
            subject=fact.subject,
            kind=fact.kind,
            text=fact.text,
            source_message_id=said.id,
            supersedes_id=replaced.id if replaced is not None else None,
            confidence=fact.confidence,
        )
        session.add(row)
        valid.append(row)
        count += 1
    await session.flush()
    return count


async def valid_facts(session: AsyncSession, conversation: Conversation) -> list[ConversationFact]:
    """Facts that hold now in a conversation, oldest first: its own, and the person's from others of theirs."""
    statement = (
        select(ConversationFact)
        .where(_belongs(conversation), ConversationFact.valid_until.is_(None))
        .order_by(ConversationFact.valid_from.desc(), ConversationFact.id)
        .limit(_MOST_RECALLED)
    )
    return list((await session.scalars(statement)).all())[::-1]


def _belongs(conversation: Conversation) -> ColumnElement[bool]:
    here = ConversationFact.conversation_id == conversation.id
    if conversation.user_id is None:
        return here
    theirs = and_(ConversationFact.user_id == conversation.user_id, ConversationFact.subject == FactSubject.USER)
    return or_(here, theirs)
