"""Shapes of the visitors' routes."""

import uuid

from serving.accounts.schemas import Read


class BotAbout(Read):
    """What anybody may know of a bot that is published to visitors.

    Of its conversations nothing is kept `kept_days` after the last visit.
    """

    id: uuid.UUID
    name: str
    welcome_message: str
    kept_days: int
