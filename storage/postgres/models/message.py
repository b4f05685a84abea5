"""Messages."""

import enum
import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Created, Identified, OrganizationOwned, one_of


class MessageRole(enum.StrEnum):
    """Who speaks."""

    USER = "user"
    ASSISTANT = "assistant"


class MessageAuthor(enum.StrEnum):
    """Who wrote it: of what the assistant's side says, the bot or a person who took over."""

    USER = "user"
    BOT = "bot"
    AGENT = "agent"


class MessageState(enum.StrEnum):
    """Whether an answer came to its end."""

    STREAMING = "streaming"
    COMPLETE = "complete"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    """Nobody read it, or its process ended; it can be answered again for a while."""


def _author_of_role(context: DefaultExecutionContext) -> str:
    role = context.get_current_parameters()["role"]  # type: ignore[no-untyped-call]
    return MessageAuthor.USER if role == MessageRole.USER else MessageAuthor.BOT


class Message(Identified, OrganizationOwned, Created, Base):
    """One turn. `parent_id` is the turn it follows, so that an edited turn makes a branch.

    `ordinal` is its place in its branch; `variant` counts the turns of all branches at that place.

    `generation` counts how often an answer was begun again after an interruption; the process that writes one says so by
    moving `leased_until` on.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("conversation_id", "ordinal", "variant"),
        one_of("role", MessageRole),
        one_of("author", MessageAuthor),
        one_of("state", MessageState),
        Index(
            "ix_messages_organization_id_created_at",
            "organization_id",
            "created_at",
            postgresql_where=text("role = 'assistant'"),
        ),
        Index("ix_messages_streaming", "created_at", postgresql_where=text("state = 'streaming'")),
    )

    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    parent_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("messages.id", ondelete="SET NULL"), index=True)
    ordinal: Mapped[int]
    variant: Mapped[int] = mapped_column(default=0, server_default="0")
    role: Mapped[str] = mapped_column(String(20))
    author: Mapped[str] = mapped_column(String(20), default=_author_of_role)
    author_user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    state: Mapped[str] = mapped_column(String(20), default=MessageState.COMPLETE)
    content: Mapped[str]
    error_type: Mapped[str | None] = mapped_column(String(50))
    generation: Mapped[int] = mapped_column(default=0, server_default="0")
    leased_until: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
