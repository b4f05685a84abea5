"""Visitors: people without an account who ask a bot that is published to anyone."""

import uuid
from datetime import date, datetime

from sqlalchemy import ForeignKey, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Created, Identified, OrganizationOwned


class Visitor(Identified, OrganizationOwned, Created, Base):
    """Somebody who asked one bot in one browser. Only the SHA-256 of the token is kept, and nothing that names a person.

    Each use moves `last_used_at` and `expires_at` on, as far apart as they were; after that nothing of the visitor is kept.
    `asked` counts the questions of the day `asked_on` (UTC).
    """

    __tablename__ = "visitors"

    chatbot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("chatbots.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    asked_on: Mapped[date | None]
    asked: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    last_used_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    expires_at: Mapped[datetime] = mapped_column(index=True)
