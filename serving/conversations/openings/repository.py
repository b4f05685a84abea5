"""Queries of conversation templates and canned replies."""

import uuid
from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.postgres.models.canned_reply import CannedReply
from storage.postgres.models.conversation_template import ConversationTemplate


async def templates(session: AsyncSession, *, chatbot_id: uuid.UUID | None) -> Sequence[ConversationTemplate]:
    """Templates by name, of one bot or of all."""
    statement = select(ConversationTemplate).order_by(ConversationTemplate.name)
    if chatbot_id is not None:
        statement = statement.where(ConversationTemplate.chatbot_id == chatbot_id)
    return (await session.scalars(statement)).all()


async def replies(session: AsyncSession, *, words: str | None, limit: int) -> Sequence[CannedReply]:
    """Canned replies by shortcut; those whose shortcut, title or text holds every one of some words."""
    statement = select(CannedReply).order_by(CannedReply.shortcut).limit(limit)
    for word in (words or "").split():
        columns = (CannedReply.shortcut, CannedReply.title, CannedReply.text)
        statement = statement.where(or_(*(column.icontains(word, autoescape=True) for column in columns)))
    return (await session.scalars(statement)).all()
