"""Shapes of the visitors' routes."""

import uuid

from serving.accounts.schemas import Read


class BotAbout(Read):
    """What anybody may know of a bot that is published to visitors.

    Of its conversations nothing is kept `kept_days` after the last visit. `conversation_id` is the visitor's own latest one,
    for a page inside another site's, which a browser lets keep a cookie and nothing else. `hands_over` says whether a visitor
    can ask for a person.
    """

    id: uuid.UUID
    name: str
    welcome_message: str
    kept_days: int
    hands_over: bool
    conversation_id: uuid.UUID | None
