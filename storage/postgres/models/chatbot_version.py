"""Bot versions: the configuration that an answer was given under."""

import uuid

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Created, Identified, JsonObject, OrganizationOwned


class ChatbotVersion(Identified, OrganizationOwned, Created, Base):
    """An immutable configuration. `config_hash` is the SHA-256 of its canonical JSON."""

    __tablename__ = "chatbot_versions"
    __table_args__ = (
        UniqueConstraint("chatbot_id", "number"),
        UniqueConstraint("chatbot_id", "config_hash"),
    )

    chatbot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("chatbots.id", ondelete="CASCADE"))
    number: Mapped[int]
    config: Mapped[JsonObject]
    config_hash: Mapped[str] = mapped_column(String(64))
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
