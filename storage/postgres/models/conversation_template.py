"""Conversation templates: openings to start conversations from."""

import uuid

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Identified, JsonObject, OrganizationOwned, Timestamped


class ConversationTemplate(Identified, OrganizationOwned, Timestamped, Base):
    """What a bot says first. `variables` maps the names that its messages may hold, as `{name}`, to defaults or null."""

    __tablename__ = "conversation_templates"
    __table_args__ = (UniqueConstraint("organization_id", "name"),)

    chatbot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("chatbots.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None]
    variables: Mapped[JsonObject]
    messages: Mapped[list[str]]
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
