"""Branches: which turns are shown and gone on with, and which are beside them."""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, false, func, literal, null, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from serving.accounts.principal import Actor
from storage.postgres.models.conversation import Conversation
from storage.postgres.models.feedback import Feedback
from storage.postgres.models.message import Message
from storage.postgres.session import AnyRow

# The longest branch that is walked: a conversation of a person is far shorter.
LONGEST = 10_000


def branch(leaf_id: uuid.UUID, *, most: int = LONGEST) -> CTE:
    """Ids of the turns from a leaf up to the first; `distance` from the leaf."""
    path = select(Message.id, Message.parent_id, literal(0).label("distance")).where(Message.id == leaf_id)
    found = path.cte("branch", recursive=True)
    parent = aliased(Message)
    return found.union_all(
        select(parent.id, parent.parent_id, found.c.distance + 1)
        .join(found, parent.id == found.c.parent_id)
        .where(found.c.distance < most - 1)
    )


async def leaf_of(session: AsyncSession, conversation_id: uuid.UUID) -> uuid.UUID | None:
    """The last turn of the active branch; without a choice, the latest turn."""
    latest = (
        select(Message.id)
        .where(Message.conversation_id == conversation_id)
        .order_by(Message.ordinal.desc(), Message.variant.desc())
        .limit(1)
        .scalar_subquery()
    )
    found: uuid.UUID | None = await session.scalar(
        select(func.coalesce(Conversation.active_leaf_id, latest)).where(Conversation.id == conversation_id)
    )
    return found


async def next_variants(session: AsyncSession, conversation_id: uuid.UUID, *ordinals: int) -> dict[int, int]:
    """The numbers of further turns at places of a conversation, which the caller has locked; 0 where there is none yet."""
    statement = (
        select(Message.ordinal, func.max(Message.variant) + 1)
        .where(Message.conversation_id == conversation_id, Message.ordinal.in_(ordinals))
        .group_by(Message.ordinal)
    )
    found = {ordinal: int(variant) for ordinal, variant in (await session.execute(statement)).all()}
    return {ordinal: found.get(ordinal, 0) for ordinal in ordinals}


async def deepest(session: AsyncSession, message_id: uuid.UUID) -> uuid.UUID:
    """The leaf under a turn: the latest turn of each place on the way down."""
    start = select(Message.id, Message.ordinal, Message.variant).where(Message.id == message_id)
    below = start.cte("below", recursive=True)
    child = aliased(Message)
    below = below.union_all(select(child.id, child.ordinal, child.variant).join(below, child.parent_id == below.c.id))
    children = (
        await session.execute(
            select(Message.id, Message.parent_id, Message.variant).join(below, below.c.id == Message.id)
        )
    ).all()
    latest: dict[uuid.UUID | None, tuple[int, uuid.UUID]] = {}
    for row in children:
        if row.id != message_id:
            latest[row.parent_id] = max(latest.get(row.parent_id, (-1, row.id)), (row.variant, row.id))
    leaf = message_id
    while leaf in latest:
        leaf = latest[leaf][1]
    return leaf


async def turns_of_branch(session: AsyncSession, leaf_id: uuid.UUID, *, most: int) -> Sequence[Message]:
    """The last turns of a branch, oldest first."""
    path = branch(leaf_id, most=most)
    statement = select(Message).join(path, path.c.id == Message.id).order_by(path.c.distance.desc())
    return (await session.scalars(statement)).all()


async def messages(
    session: AsyncSession, actor: Actor, conversation_id: uuid.UUID, *, is_whole_tree: bool
) -> Sequence[AnyRow]:
    """Turns of the active branch in order, or of every branch, with the actor's own rating and how many are beside each."""
    statement = _numbered(actor, conversation_id)
    leaf_id = await leaf_of(session, conversation_id)
    path = branch(leaf_id) if leaf_id else select(Message.id).where(false()).cte("branch")
    on_path = select(path.c.id)
    listed = statement.subquery()
    shown = select(*listed.c, listed.c.id.in_(on_path).label("is_active")).order_by(listed.c.ordinal, listed.c.variant)
    if not is_whole_tree:
        shown = shown.where(listed.c.id.in_(on_path))
    return (await session.execute(shown)).all()


def _numbered(actor: Actor, conversation_id: uuid.UUID) -> Select[*tuple[Any, ...]]:
    beside = (Message.conversation_id, Message.parent_id)
    return (
        select(
            *_told_to(actor),
            Feedback.rating,
            func.count().over(partition_by=beside).label("siblings"),
            func.row_number().over(partition_by=beside, order_by=Message.variant).label("sibling"),
        )
        .outerjoin(Feedback, (Feedback.message_id == Message.id) & _rated_by(actor))
        .where(Message.conversation_id == conversation_id)
    )


def _rated_by(actor: Actor) -> ColumnElement[bool]:
    if actor.visitor_id is not None:
        return Feedback.visitor_id == actor.visitor_id
    return Feedback.user_id == actor.user_id if actor.user_id is not None else Feedback.api_key_id == actor.api_key_id


def _told_to(actor: Actor) -> list[ColumnElement[Any]]:
    """The columns of a turn. Why an answer failed is the organization's to know: budgets, providers."""
    columns: list[ColumnElement[Any]] = list(Message.__table__.columns)
    if actor.visitor_id is None:
        return columns
    return [null().label(one.name) if one.name == "error_type" else one for one in columns]
