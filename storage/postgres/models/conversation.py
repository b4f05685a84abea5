"""Conversations."""

import enum
import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Identified, JsonObject, OrganizationOwned, Timestamped, one_of


class Channel(enum.StrEnum):
    """The door a conversation came through."""

    API = "api"
    OPENAI = "openai"
    DASHBOARD = "dashboard"
    CLI = "cli"
    WEB = "web"
    EVAL = "eval"  # questions of an evaluation, not of a person


class Asker(enum.StrEnum):
    """Who asks: a person with an account, a program with a key (or an evaluation), or somebody without an account."""

    MEMBER = "member"
    PROGRAM = "program"
    VISITOR = "visitor"


class Conversation(Identified, OrganizationOwned, Timestamped, Base):
    """A dialogue of one person, program or visitor with one bot. A visitor's ends with the visitor.

    `active_leaf_id` is the last turn of the branch that is shown and gone on with; `event_count` numbers its events.
    """

    __tablename__ = "conversations"
    __table_args__ = (
        Index("ix_conversations_organization_id_updated_at", "organization_id", "updated_at"),
        one_of("channel", Channel),
    )

    chatbot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("chatbots.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    api_key_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("api_keys.id", ondelete="SET NULL"))
    visitor_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("visitors.id", ondelete="CASCADE"), index=True)
    channel: Mapped[str] = mapped_column(String(20))
    title: Mapped[str | None] = mapped_column(String(255))
    custom_metadata: Mapped[JsonObject] = mapped_column(default=dict, server_default="{}")
    closed_at: Mapped[datetime | None]
    active_leaf_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("messages.id", ondelete="SET NULL", use_alter=True), index=True
    )
    event_count: Mapped[int] = mapped_column(default=0, server_default="0")
