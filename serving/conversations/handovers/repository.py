"""Queries of hand-overs."""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts.principal import Actor
from serving.conversations.repository import asker
from storage.postgres.models.api_key import ApiKey
from storage.postgres.models.chatbot import Chatbot
from storage.postgres.models.conversation import Conversation
from storage.postgres.models.handover import Handover, HandoverState
from storage.postgres.models.message import Message
from storage.postgres.models.receipt import Receipt
from storage.postgres.models.user import User
from storage.postgres.session import AnyRow


async def open_handover(session: AsyncSession, conversation_id: uuid.UUID) -> Handover | None:
    """The hand-over of a conversation that is not resolved."""
    statement = select(Handover).where(
        Handover.conversation_id == conversation_id, Handover.state != HandoverState.RESOLVED
    )
    found: Handover | None = await session.scalar(statement)
    return found


async def is_waiting_elsewhere(session: AsyncSession, visitor_id: uuid.UUID, conversation_id: uuid.UUID) -> bool:
    """Whether a visitor has a hand-over that is not resolved in another conversation than this one."""
    statement = (
        select(Handover.id)
        .join(Conversation, Conversation.id == Handover.conversation_id)
        .where(Conversation.visitor_id == visitor_id, Conversation.id != conversation_id)
        .where(Handover.state != HandoverState.RESOLVED)
    )
    return await session.scalar(statement.limit(1)) is not None


async def has_messages(session: AsyncSession, conversation_id: uuid.UUID) -> bool:
    """Whether anything was said in a conversation."""
    statement = select(Message.id).where(Message.conversation_id == conversation_id)
    return await session.scalar(statement.limit(1)) is not None


async def locked(session: AsyncSession, handover_id: uuid.UUID) -> Handover | None:
    """A hand-over, locked so that one person takes it."""
    found: Handover | None = await session.scalar(select(Handover).where(Handover.id == handover_id).with_for_update())
    return found


async def queue(
    session: AsyncSession, actor: Actor, *, states: Sequence[HandoverState], limit: int, offset: int
) -> Sequence[AnyRow]:
    """Hand-overs in these states: what the actor answers, then members and programs, then visitors; the longest wait first."""
    statement = _queued(actor).where(Handover.state.in_(states))
    order = (func.coalesce(_is_mine(actor), False).desc(), Conversation.visitor_id.is_not(None))
    ordered = statement.order_by(*order, Handover.created_at, Handover.id)
    return (await session.execute(ordered.limit(limit).offset(offset))).all()


async def counts(session: AsyncSession, actor: Actor) -> AnyRow:
    """How many hand-overs wait (`requested`), are answered (`assigned`), and are answered by the actor (`mine`)."""
    is_assigned = Handover.state == HandoverState.ASSIGNED
    statement = select(
        func.count().filter(Handover.state == HandoverState.REQUESTED).label("requested"),
        func.count().filter(is_assigned).label("assigned"),
        func.count().filter(is_assigned, func.coalesce(_is_mine(actor), False)).label("mine"),
    )
    return (await session.execute(statement.where(Handover.state != HandoverState.RESOLVED))).one()


async def queued(session: AsyncSession, actor: Actor, handover_id: uuid.UUID) -> AnyRow | None:
    """One hand-over as the queue shows it."""
    return (await session.execute(_queued(actor).where(Handover.id == handover_id))).one_or_none()


async def refused_in_a_row(session: AsyncSession, answer_ids: Sequence[uuid.UUID]) -> int:
    """How many of these answers said that they do not know."""
    statement = select(func.count()).where(Receipt.message_id.in_(answer_ids), Receipt.is_refused)
    return int(await session.scalar(statement) or 0)


def _is_mine(actor: Actor) -> ColumnElement[bool]:
    if actor.user_id is not None:
        return Handover.assigned_user_id == actor.user_id
    return Handover.assigned_api_key_id == actor.api_key_id


def _queued(actor: Actor) -> Select[*tuple[Any, ...]]:
    waited = func.coalesce(Handover.first_assigned_at, Handover.resolved_at, func.now()) - Handover.created_at
    return (
        select(
            *Handover.__table__.columns,
            func.extract("epoch", waited).label("waited_s"),
            Conversation.title,
            Chatbot.name.label("chatbot_name"),
            asker().label("asker"),
            func.coalesce(User.name, ApiKey.name).label("assigned_to"),
            func.coalesce(_is_mine(actor), False).label("is_mine"),
        )
        .join(Conversation, Conversation.id == Handover.conversation_id)
        .join(Chatbot, Chatbot.id == Conversation.chatbot_id)
        .outerjoin(User, User.id == Handover.assigned_user_id)
        .outerjoin(ApiKey, ApiKey.id == Handover.assigned_api_key_id)
    )
