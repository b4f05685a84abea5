"""Feedback on answers."""

import uuid
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts.principal import Actor
from serving.conversations import repository as conversations
from serving.conversations.errors import MessageNotFoundError
from serving.feedback import repository
from serving.feedback.errors import NotAnAnswerError
from serving.feedback.schemas import FeedbackCreate
from storage.postgres.models.feedback import Feedback
from storage.postgres.models.message import MessageRole


async def rate(session: AsyncSession, actor: Actor, message_id: uuid.UUID, body: FeedbackCreate) -> Feedback:
    """Rate an answer that the actor may read."""
    message = await conversations.visible_message(session, actor, message_id)
    if message is None:
        raise MessageNotFoundError
    if message.role != MessageRole.ASSISTANT:
        raise NotAnAnswerError
    return await repository.upsert(session, actor, message_id, rating=body.rating, comment=body.comment)


async def list_feedback(session: AsyncSession, *, rating: int | None, limit: int) -> Sequence[Feedback]:
    """Feedback of the organization, latest first."""
    return await repository.latest(session, rating=rating, limit=limit)
