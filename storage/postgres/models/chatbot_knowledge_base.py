"""Which knowledge bases a bot answers from."""

import uuid

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Created, OrganizationOwned


class ChatbotKnowledgeBase(OrganizationOwned, Created, Base):
    """A bot reads a knowledge base."""

    __tablename__ = "chatbot_knowledge_bases"

    chatbot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("chatbots.id", ondelete="CASCADE"), primary_key=True)
    knowledge_base_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("knowledge_bases.id", ondelete="CASCADE"), primary_key=True, index=True
    )
