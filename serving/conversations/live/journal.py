"""The numbered events of a conversation: written in the transaction of what they tell of, read by whoever watches."""

import functools
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Insert, String, Table, bindparam, event, func, insert, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from serving.conversations.live.hub import LiveHub
from storage.postgres.insertion import NewRows, RowShape, ctes_of
from storage.postgres.models.conversation import Conversation
from storage.postgres.models.conversation_event import ConversationEvent

MESSAGE_CREATED = "message.created"
MOST_AT_ONCE = 500


async def record_event(
    session: AsyncSession,
    hub: LiveHub,
    conversation_id: uuid.UUID,
    kind: str,
    *,
    changes: Mapping[str, Any] | None = None,
    beside: NewRows | None = None,
    **data: str | None,
) -> None:
    """Write an event; whoever watches hears of it when the transaction is committed.

    Args:
        session: The transaction of what the event tells of.
        hub: The process's watchers.
        conversation_id: Whose event.
        kind: For example `message.created`.
        changes: What else changes of the conversation, by column: it is written along with the event's number.
        beside: Rows of other tables that the same statement writes.
        data: Ids and states, never text.
    """
    rows = beside or NewRows()
    statement = _event(rows.shapes, changes) if changes else _plain_event(rows.shapes)
    told = {"event_conversation": conversation_id, "event_kind": kind, "event_data": dict(data)}
    await session.execute(statement, told | rows.parameters)
    announce(session, hub, conversation_id)


@functools.lru_cache(maxsize=64)
def _plain_event(beside: tuple[RowShape, ...]) -> Insert:
    """The statement of an event with which nothing else of the conversation changes; nearly all are."""
    return _event(beside, {})


def _event(beside: tuple[RowShape, ...], changes: Mapping[str, Any]) -> Insert:
    conversations = cast(Table, Conversation.__table__)
    values = {
        "event_count": conversations.c.event_count + 1,
        "updated_at": conversations.c.updated_at,  # which would change by itself
        **changes,
    }
    # The row's lock puts numbers in the order in which transactions commit, so a reader never skips one.
    counted = update(conversations).where(conversations.c.id == bindparam("event_conversation")).values(values)
    number = counted.returning(conversations.c.organization_id, conversations.c.id, conversations.c.event_count)
    numbered = number.cte("numbered")
    columns = ("id", "organization_id", "conversation_id", "number", "kind", "data")
    written = select(
        func.gen_random_uuid(),
        numbered.c.organization_id,
        numbered.c.id,
        numbered.c.event_count,
        bindparam("event_kind", type_=String),
        bindparam("event_data", type_=JSONB),
    )
    told = insert(cast(Table, ConversationEvent.__table__)).from_select(columns, written)
    return told.add_cte(*ctes_of(beside)) if beside else told


def announce(session: AsyncSession, hub: LiveHub, conversation_id: uuid.UUID) -> None:
    """Wake whoever watches a conversation, once the transaction is committed."""
    event.listen(session.sync_session, "after_commit", lambda _: hub.changed(conversation_id), once=True)


async def events_after(session: AsyncSession, conversation_id: uuid.UUID, number: int) -> Sequence[ConversationEvent]:
    """Events after a number, oldest first, at most `MOST_AT_ONCE`."""
    statement = (
        select(ConversationEvent)
        .where(ConversationEvent.conversation_id == conversation_id, ConversationEvent.number > number)
        .order_by(ConversationEvent.number)
        .limit(MOST_AT_ONCE)
    )
    return (await session.scalars(statement)).all()


async def latest_number(session: AsyncSession, conversation_id: uuid.UUID) -> int:
    """Number of a conversation's latest event, 0 before the first."""
    statement = select(Conversation.event_count).where(Conversation.id == conversation_id)
    return int(await session.scalar(statement) or 0)


def as_json(one: ConversationEvent) -> dict[str, Any]:
    """An event as readers get it."""
    return {"conversation_id": str(one.conversation_id), "at": one.created_at.isoformat(), **one.data}
