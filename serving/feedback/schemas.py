"""Shapes of the feedback routes."""

import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import StringConstraints

from serving.accounts.schemas import Read, Write


class FeedbackCreate(Write):
    """A thumb, up (1) or down (-1), and a word why. A second one replaces the first."""

    rating: Literal[-1, 1]
    comment: Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000)] | None = None


class FeedbackOut(Read):
    """A thumb on an answer."""

    id: uuid.UUID
    message_id: uuid.UUID
    user_id: uuid.UUID | None
    rating: int
    comment: str | None
    created_at: datetime
    updated_at: datetime
