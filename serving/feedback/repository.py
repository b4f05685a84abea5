"""Queries of feedback."""

import uuid
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts.principal import Actor
from storage.postgres.models.feedback import Feedback


async def upsert(
    session: AsyncSession, actor: Actor, message_id: uuid.UUID, *, rating: int, comment: str | None
) -> Feedback:
    """Write the actor's thumb on an answer, replacing an earlier one."""
    statement = (
        insert(Feedback)
        .values(
            organization_id=actor.organization_id,
            message_id=message_id,
            user_id=actor.user_id,
            api_key_id=actor.api_key_id,
            visitor_id=actor.visitor_id,
            rating=rating,
            comment=comment,
        )
        .on_conflict_do_update(
            index_elements=["message_id", "user_id", "api_key_id", "visitor_id"],
            set_={"rating": rating, "comment": comment, "updated_at": func.now()},
        )
        .returning(Feedback)
    )
    return (await session.scalars(statement, execution_options={"populate_existing": True})).one()


async def latest(session: AsyncSession, *, rating: int | None, limit: int) -> Sequence[Feedback]:
    """Feedback of the organization, latest first."""
    statement = select(Feedback).order_by(Feedback.created_at.desc(), Feedback.id).limit(limit)
    if rating is not None:
        statement = statement.where(Feedback.rating == rating)
    return (await session.scalars(statement)).all()
