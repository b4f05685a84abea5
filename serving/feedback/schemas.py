"""Shapes of the feedback routes."""

import uuid
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Strict, StringConstraints

from serving.accounts.schemas import Read, Write


def _thumb(rating: int) -> int:
    if rating not in (-1, 1):
        raise ValueError("a rating is 1 (thumb up) or -1 (thumb down)")
    return rating


Thumb = Annotated[int, AfterValidator(_thumb)]


class FeedbackCreate(Write):
    """A thumb, up (1) or down (-1), and a word why. A second one replaces the first."""

    rating: Annotated[Thumb, Strict()]
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
