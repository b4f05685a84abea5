"""Intents: what people may want of a bot."""

import uuid

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Identified, OrganizationOwned, Timestamped


class Intent(Identified, OrganizationOwned, Timestamped, Base):
    """One intent of one bot. The one that `is_out_of_scope` holds examples of what the bot is not for."""

    __tablename__ = "intents"
    __table_args__ = (
        UniqueConstraint("chatbot_id", "name"),
        Index("uq_intents_out_of_scope", "chatbot_id", unique=True, postgresql_where=text("is_out_of_scope")),
    )

    chatbot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("chatbots.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str | None]
    is_out_of_scope: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
