"""Bots."""

import enum
import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Identified, OrganizationOwned, Timestamped, one_of


class ChatbotStatus(enum.StrEnum):
    """Life of a bot."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"


class ChatbotAccess(enum.StrEnum):
    """Who may talk to a bot."""

    MEMBERS = "members"
    """Members and programs of the organization."""
    ANYONE = "anyone"
    """Visitors, too: whoever has the link, without an account."""


class Chatbot(Identified, OrganizationOwned, Timestamped, Base):
    """A bot. Its configuration lives in immutable versions; this row points to the current one.

    Visitors come where `access` is `anyone` and the status `published`. `frame_origins` are the sites that may show its
    chat page inside a page of theirs.
    """

    __tablename__ = "chatbots"
    __table_args__ = (
        UniqueConstraint("organization_id", "slug"),
        ForeignKeyConstraint(
            ["current_version_id"],
            ["chatbot_versions.id"],
            name="fk_chatbots_current_version_id",
            ondelete="SET NULL",
            use_alter=True,
        ),
        ForeignKeyConstraint(
            ["live_intent_model_id"],
            ["intent_models.id"],
            name="fk_chatbots_live_intent_model_id",
            ondelete="SET NULL",
            use_alter=True,
        ),
        one_of("status", ChatbotStatus),
        one_of("access", ChatbotAccess),
        CheckConstraint(
            "daily_questions_per_visitor > 0 AND daily_questions_of_all_visitors > 0", name="visitors_may_ask"
        ),
    )

    name: Mapped[str] = mapped_column(String(255))
    slug: Mapped[str] = mapped_column(String(100))
    description: Mapped[str | None]
    status: Mapped[str] = mapped_column(String(20), default=ChatbotStatus.DRAFT)
    access: Mapped[str] = mapped_column(String(20), default=ChatbotAccess.MEMBERS, server_default="members")
    daily_questions_per_visitor: Mapped[int] = mapped_column(default=50, server_default=text("50"))
    daily_questions_of_all_visitors: Mapped[int] = mapped_column(default=1000, server_default=text("1000"))
    frame_origins: Mapped[list[str]] = mapped_column(default=list, server_default="{}")
    template_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("chatbot_templates.id", ondelete="SET NULL"), index=True
    )
    current_version_id: Mapped[uuid.UUID | None]
    live_intent_model_id: Mapped[uuid.UUID | None]
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    archived_at: Mapped[datetime | None]
