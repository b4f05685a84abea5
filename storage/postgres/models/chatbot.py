"""Bots."""

import enum
import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Identified, OrganizationOwned, Timestamped, one_of


class ChatbotStatus(enum.StrEnum):
    """Life of a bot."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"


class Chatbot(Identified, OrganizationOwned, Timestamped, Base):
    """A bot. Its configuration lives in immutable versions; this row points to the current one."""

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
    )

    name: Mapped[str] = mapped_column(String(255))
    slug: Mapped[str] = mapped_column(String(100))
    description: Mapped[str | None]
    status: Mapped[str] = mapped_column(String(20), default=ChatbotStatus.DRAFT)
    template_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("chatbot_templates.id", ondelete="SET NULL"), index=True
    )
    current_version_id: Mapped[uuid.UUID | None]
    live_intent_model_id: Mapped[uuid.UUID | None]
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    archived_at: Mapped[datetime | None]
