"""Facts: what people said of themselves and of their matter, to be remembered."""

import enum
import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, String, func
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Created, Identified, OrganizationOwned, one_of


class FactSubject(enum.StrEnum):
    """What a fact is about: the person, in every conversation of theirs, or this conversation alone."""

    USER = "user"
    CONVERSATION = "conversation"


class FactKind(enum.StrEnum):
    """What sort of fact it is."""

    NAME = "name"
    ORDER_NUMBER = "order_number"
    PRODUCT = "product"
    LANGUAGE = "language"
    PREFERENCE = "preference"
    OTHER = "other"


class ConversationFact(Identified, OrganizationOwned, Created, Base):
    """One fact, with the message in which it was said. One that a newer one contradicts ends with `valid_until`."""

    __tablename__ = "conversation_facts"
    __table_args__ = (one_of("subject", FactSubject), one_of("kind", FactKind))

    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    subject: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(30))
    text: Mapped[str] = mapped_column(String(500))
    source_message_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), index=True)
    valid_from: Mapped[datetime] = mapped_column(server_default=func.now())
    valid_until: Mapped[datetime | None]
    supersedes_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("conversation_facts.id", ondelete="SET NULL"), index=True
    )
    confidence: Mapped[float]
