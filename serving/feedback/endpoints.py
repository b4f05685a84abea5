"""Routes of feedback."""

import uuid
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from serving.accounts.principal import Actor
from serving.accounts.roles import Permission
from serving.dependencies import Chatter, Database, Requires
from serving.feedback import service
from serving.feedback.schemas import FeedbackCreate, FeedbackOut, Thumb
from storage.postgres.models.feedback import Feedback

router = APIRouter(prefix="/api/v1", tags=["feedback"])

Reader = Annotated[Actor, Depends(Requires(Permission.READ_ALL_CONVERSATIONS))]


@router.put("/messages/{message_id}/feedback", response_model=FeedbackOut)
async def rate(actor: Chatter, message_id: uuid.UUID, body: FeedbackCreate, session: Database) -> Feedback:
    """Rate an answer; a second time replaces the first."""
    return await service.rate(session, actor, message_id, body)


@router.get("/feedback", response_model=list[FeedbackOut])
async def list_feedback(
    actor: Reader,
    session: Database,
    rating: Thumb | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Sequence[Feedback]:
    """Feedback of the organization, latest first."""
    return await service.list_feedback(session, rating=rating, limit=limit)
