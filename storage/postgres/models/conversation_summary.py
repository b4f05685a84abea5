"""Summaries: what was said before the turns that are remembered word for word."""

import enum
import uuid
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Created, Identified, OrganizationOwned, one_of


class SummaryMethod(enum.StrEnum):
    """Who wrote it."""

    EXTRACTIVE = "extractive"
    MODEL = "model"


class ConversationSummary(Identified, OrganizationOwned, Created, Base):
    """Everything up to one turn, in a few sentences; it holds for every branch that goes through that turn.

    `sentences` is a list of `{"text", "message_id"}`; a model's sentences name no message.
    """

    __tablename__ = "conversation_summaries"
    __table_args__ = (one_of("method", SummaryMethod),)

    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    until_message_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), unique=True)
    sentences: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    method: Mapped[str] = mapped_column(String(20))
