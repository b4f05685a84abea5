"""Examples that intents are learned from."""

import uuid

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Created, Identified, OrganizationOwned

MOST_EXAMPLE_CHARACTERS = 500


class IntentExample(Identified, OrganizationOwned, Created, Base):
    """Something that somebody may say. A text is an example of one intent of a bot, never of two."""

    __tablename__ = "intent_examples"
    __table_args__ = (UniqueConstraint("chatbot_id", "text"),)

    chatbot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("chatbots.id", ondelete="CASCADE"))
    intent_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("intents.id", ondelete="CASCADE"), index=True)
    text: Mapped[str] = mapped_column(String(MOST_EXAMPLE_CHARACTERS))
