"""Queries of visitors."""

import uuid
from datetime import date

from sqlalchemy import and_, case, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts.principal import Actor
from storage.postgres.models.chatbot import Chatbot
from storage.postgres.models.conversation import Conversation
from storage.postgres.models.message import Message
from storage.postgres.models.sign_in_attempt import SignInAttempt
from storage.postgres.models.visitor import Visitor
from storage.postgres.models.visitor_day import VisitorDay
from storage.postgres.session import AnyRow


async def published(session: AsyncSession, chatbot_id: uuid.UUID) -> AnyRow | None:
    """Organization and frame origins of a bot that visitors may talk to; the session needs no organization."""
    statement = text("SELECT * FROM find_published_chatbot(:id)")
    return (await session.execute(statement, {"id": chatbot_id})).one_or_none()


async def limits(session: AsyncSession, chatbot_id: uuid.UUID) -> AnyRow:
    """How many questions a bot takes a day: `of_one` visitor, and `of_all` together."""
    statement = select(
        Chatbot.daily_questions_per_visitor.label("of_one"), Chatbot.daily_questions_of_all_visitors.label("of_all")
    ).where(Chatbot.id == chatbot_id)
    return (await session.execute(statement)).one()


async def asked(session: AsyncSession, actor: Actor, day: date) -> AnyRow | None:
    """How many questions were asked on a day: `by_one`, the visitor, and `by_all` of the bot's; None when the visit is over.

    The visitor stays locked until the transaction ends: what one visitor begins is begun one after another.
    """
    of_the_day = and_(VisitorDay.chatbot_id == Visitor.chatbot_id, VisitorDay.day == day)
    statement = (
        select(
            case((Visitor.asked_on == day, Visitor.asked), else_=0).label("by_one"),
            func.coalesce(VisitorDay.questions, 0).label("by_all"),
        )
        .outerjoin(VisitorDay, of_the_day)
        .where(Visitor.id == actor.visitor_id, Visitor.expires_at > func.now())
        .with_for_update(of=Visitor)
    )
    return (await session.execute(statement)).one_or_none()


async def hold(session: AsyncSession, visitor_id: uuid.UUID) -> None:
    """Lock a visitor until the transaction ends; whoever locks rows of their conversations as well locks this one first."""
    await session.execute(select(Visitor.id).where(Visitor.id == visitor_id).with_for_update())


async def count_of_visitor(session: AsyncSession, visitor_id: uuid.UUID, day: date) -> int | None:
    """Count one question of a visitor; how many there are on that day now, None when the visit is over."""
    counted = (
        update(Visitor)
        .where(Visitor.id == visitor_id, Visitor.expires_at > func.now())
        .values(asked=case((Visitor.asked_on == day, Visitor.asked + 1), else_=1), asked_on=day)
        .returning(Visitor.asked)
    )
    count: int | None = await session.scalar(counted.execution_options(synchronize_session=False))
    return count


async def count_of_bot(session: AsyncSession, actor: Actor, day: date) -> int:
    """Count one question for all visitors of a bot; how many there are on that day now. One atomic statement."""
    statement = insert(VisitorDay).values(
        id=uuid.uuid4(), organization_id=actor.organization_id, chatbot_id=actor.chatbot_id, day=day, questions=1
    )
    counted = statement.on_conflict_do_update(
        index_elements=["chatbot_id", "day"], set_={"questions": VisitorDay.questions + 1}
    )
    return int(await session.scalar(counted.returning(VisitorDay.questions)) or 0)


async def asked_from(session: AsyncSession, key: str) -> int:
    """How many questions were counted under the key of an address and a day."""
    return await session.scalar(select(SignInAttempt.failures).where(SignInAttempt.key == key)) or 0


async def latest_conversation(session: AsyncSession, visitor_id: uuid.UUID) -> uuid.UUID | None:
    """The conversation that a visitor was in last."""
    statement = select(Conversation.id).where(Conversation.visitor_id == visitor_id)
    found: uuid.UUID | None = await session.scalar(statement.order_by(Conversation.updated_at.desc()).limit(1))
    return found


async def has_said(session: AsyncSession, visitor_id: uuid.UUID) -> bool:
    """Whether a visitor has a conversation with anything in it."""
    said = select(Message.id).join(Conversation, Conversation.id == Message.conversation_id)
    return await session.scalar(said.where(Conversation.visitor_id == visitor_id).limit(1)) is not None


async def end(session: AsyncSession, visitor_id: uuid.UUID) -> None:
    """End a visit: its token holds no more."""
    await session.execute(update(Visitor).where(Visitor.id == visitor_id).values(expires_at=func.now()))


async def remove(session: AsyncSession, visitor_id: uuid.UUID) -> None:
    """Remove a visitor of whom nothing else is kept."""
    await session.execute(delete(Visitor).where(Visitor.id == visitor_id))
