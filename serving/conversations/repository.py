"""Queries of conversations, messages and receipts."""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from serving.accounts.principal import Actor
from serving.accounts.roles import Permission
from storage.postgres.models.chatbot import Chatbot
from storage.postgres.models.chatbot_version import ChatbotVersion
from storage.postgres.models.conversation import Asker, Channel, Conversation
from storage.postgres.models.document import Document
from storage.postgres.models.document_version import DocumentVersion
from storage.postgres.models.eval_run import EvalRun
from storage.postgres.models.eval_score import EvalScore
from storage.postgres.models.feedback import Feedback
from storage.postgres.models.handover import Handover, HandoverState
from storage.postgres.models.index_version import IndexVersion
from storage.postgres.models.message import Message, MessageRole
from storage.postgres.models.receipt import Receipt
from storage.postgres.models.receipt_passage import ReceiptPassage
from storage.postgres.session import AnyRow


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """Conversations that the actor may read: all with the permission, else one's own."""
    if actor.visitor_id is not None:
        return Conversation.visitor_id == actor.visitor_id
    if actor.may(Permission.READ_ALL_CONVERSATIONS):
        return true()
    if actor.user_id is not None:
        return Conversation.user_id == actor.user_id
    return Conversation.api_key_id == actor.api_key_id


def asker() -> ColumnElement[str]:
    """Who began a conversation; the warehouse tells the same (`stg_app__conversations`)."""
    is_program = or_(Conversation.api_key_id.is_not(None), Conversation.channel == Channel.EVAL)
    return case(
        (Conversation.visitor_id.is_not(None), Asker.VISITOR.value),
        (is_program, Asker.PROGRAM.value),
        else_=Asker.MEMBER.value,
    )


def _conversations(actor: Actor) -> Select[*tuple[Any, ...]]:
    count = (
        select(func.count())
        .select_from(Message)
        .where(Message.conversation_id == Conversation.id)
        .correlate(Conversation)
        .scalar_subquery()
    )
    handover = (
        select(Handover.state)
        .where(Handover.conversation_id == Conversation.id, Handover.state != HandoverState.RESOLVED)
        .correlate(Conversation)
        .scalar_subquery()
    )
    return (
        select(
            Conversation.id,
            Conversation.chatbot_id,
            Chatbot.name.label("chatbot_name"),
            Conversation.channel,
            asker().label("asker"),
            Conversation.title,
            count.label("messages"),
            handover.label("handover"),
            Conversation.created_at,
            Conversation.updated_at,
        )
        .join(Chatbot, Chatbot.id == Conversation.chatbot_id)
        .where(visible_to(actor))
    )


async def conversations(
    session: AsyncSession, actor: Actor, *, chatbot_id: uuid.UUID | None, limit: int, offset: int
) -> Sequence[AnyRow]:
    """Conversations, latest first."""
    statement = _conversations(actor)
    if chatbot_id is not None:
        statement = statement.where(Conversation.chatbot_id == chatbot_id)
    ordered = statement.order_by(Conversation.updated_at.desc(), Conversation.id)
    return (await session.execute(ordered.limit(limit).offset(offset))).all()


async def conversation_row(session: AsyncSession, actor: Actor, conversation_id: uuid.UUID) -> AnyRow | None:
    """One conversation as the list shows it."""
    return (await session.execute(_conversations(actor).where(Conversation.id == conversation_id))).one_or_none()


async def empty_conversation(session: AsyncSession, visitor_id: uuid.UUID) -> Conversation | None:
    """A conversation of a visitor in which nothing was said yet."""
    is_said = select(Message.id).where(Message.conversation_id == Conversation.id).exists()
    statement = select(Conversation).where(
        Conversation.visitor_id == visitor_id, Conversation.closed_at.is_(None), ~is_said
    )
    found: Conversation | None = await session.scalar(statement.order_by(Conversation.created_at).limit(1))
    return found


async def lock_conversation(session: AsyncSession, actor: Actor, conversation_id: uuid.UUID) -> Conversation | None:
    """A conversation that the actor takes part in, locked so that its turns are numbered one after another."""
    found: Conversation | None = await session.scalar(
        select(Conversation).where(Conversation.id == conversation_id, visible_to(actor)).with_for_update()
    )
    return found


async def visible_conversation(session: AsyncSession, actor: Actor, conversation_id: uuid.UUID) -> Conversation | None:
    """A conversation that the actor may read."""
    found: Conversation | None = await session.scalar(
        select(Conversation).where(Conversation.id == conversation_id, visible_to(actor))
    )
    return found


async def lock_answer(session: AsyncSession, actor: Actor, message_id: uuid.UUID) -> Message | None:
    """An answer of a conversation that the actor takes part in, locked so that only one begins it again."""
    statement = (
        select(Message)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(Message.id == message_id, Message.role == MessageRole.ASSISTANT, visible_to(actor))
        .with_for_update(of=Message)
    )
    found: Message | None = await session.scalar(statement)
    return found


async def visible_message(session: AsyncSession, actor: Actor, message_id: uuid.UUID) -> Message | None:
    """One turn of a conversation that the actor may read."""
    statement = (
        select(Message)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(Message.id == message_id, visible_to(actor))
    )
    found: Message | None = await session.scalar(statement)
    return found


async def has_receipt(session: AsyncSession, message_id: uuid.UUID) -> bool:
    """Whether the answer has its receipt."""
    return await session.scalar(select(Receipt.id).where(Receipt.message_id == message_id)) is not None


async def receipt(session: AsyncSession, message_id: uuid.UUID) -> AnyRow | None:
    """The receipt of an answer with the names that people look for."""
    question, answer = aliased(Message), aliased(Message)
    statement = (
        select(
            *Receipt.__table__.columns,
            question.content.label("question"),
            answer.content.label("answer"),
            Chatbot.name.label("chatbot_name"),
            ChatbotVersion.number.label("chatbot_version"),
            IndexVersion.number.label("index_version"),
            IndexVersion.embedding_model,
        )
        .join(question, question.id == Receipt.question_id)
        .join(answer, answer.id == Receipt.message_id)
        .join(Chatbot, Chatbot.id == Receipt.chatbot_id)
        .join(ChatbotVersion, ChatbotVersion.id == Receipt.chatbot_version_id)
        .outerjoin(IndexVersion, IndexVersion.id == Receipt.index_version_id)
        .where(Receipt.message_id == message_id)
    )
    return (await session.execute(statement)).one_or_none()


async def receipt_passages(session: AsyncSession, receipt_id: uuid.UUID) -> Sequence[AnyRow]:
    """The passages of a receipt, by rank. `is_withheld`: its document is there, and whoever asks may not read it."""
    statement = (
        select(
            *ReceiptPassage.__table__.columns,
            Document.name.label("document_name"),
            DocumentVersion.number.label("document_version"),
            (ReceiptPassage.document_id.is_not(None) & Document.id.is_(None)).label("is_withheld"),
        )
        .outerjoin(Document, Document.id == ReceiptPassage.document_id)
        .outerjoin(DocumentVersion, DocumentVersion.id == ReceiptPassage.document_version_id)
        .where(ReceiptPassage.receipt_id == receipt_id)
        .order_by(ReceiptPassage.rank)
    )
    return (await session.execute(statement)).all()


async def feedback_on(session: AsyncSession, message_id: uuid.UUID) -> Sequence[Feedback]:
    """All thumbs on an answer."""
    return (
        await session.scalars(select(Feedback).where(Feedback.message_id == message_id).order_by(Feedback.created_at))
    ).all()


async def evals_of(session: AsyncSession, message_id: uuid.UUID) -> Sequence[AnyRow]:
    """All scores that evaluations gave an answer."""
    statement = (
        select(EvalRun.task, EvalScore.scorer, EvalScore.value)
        .join(EvalRun, EvalRun.id == EvalScore.eval_run_id)
        .where(EvalScore.message_id == message_id)
        .order_by(EvalRun.created_at, EvalScore.scorer)
    )
    return (await session.execute(statement)).all()
