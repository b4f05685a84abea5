"""Shapes of the hand-over routes."""

import uuid
from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from serving.accounts.schemas import Read, Write
from storage.postgres.models.conversation import Asker
from storage.postgres.models.handover import HandoverReason, HandoverState

ReplyText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=8000, pattern=r"^[^\x00]*$")
]


class HandoverCreate(Write):
    """Ask for a person."""

    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)] | None = Field(
        default=None, description="what the person who takes over should know"
    )


class HandoverOut(Read):
    """A hand-over; `waited_s` runs until somebody took it first."""

    id: uuid.UUID
    conversation_id: uuid.UUID
    state: HandoverState
    reason: HandoverReason
    note: str | None
    created_at: datetime
    assigned_at: datetime | None
    resolved_at: datetime | None
    waited_s: float


class QueuedHandover(HandoverOut):
    """A hand-over as those see it who answer."""

    title: str | None
    chatbot_name: str
    asker: Asker
    assigned_to: str | None = Field(description="name of who has taken it")
    is_mine: bool


class HandoverCounts(Read):
    """How long the queue is: hand-overs that are not resolved."""

    requested: int = Field(description="wait for somebody to take them")
    assigned: int = Field(description="are answered by somebody")
    mine: int = Field(description="are answered by who asks this")


class ReplyCreate(Write):
    """Answer in the place of the bot."""

    content: ReplyText
