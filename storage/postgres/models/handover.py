"""Hand-overs: conversations that a person is to answer, or answers."""

import enum
import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Created, Identified, OrganizationOwned, one_of


class HandoverState(enum.StrEnum):
    """How far it is; while it is not resolved, the bot is silent."""

    REQUESTED = "requested"
    ASSIGNED = "assigned"
    RESOLVED = "resolved"


class HandoverReason(enum.StrEnum):
    """Why a person is to answer."""

    ASKED = "asked"
    """The words of a message ask for a person."""
    REFUSALS = "refusals"
    """The bot did not know several times in a row."""
    REQUESTED = "requested"
    """Somebody pressed the button."""


class Handover(Identified, OrganizationOwned, Created, Base):
    """One hand-over; a conversation has one at most that is not resolved. It waited from `created_at` to `first_assigned_at`."""

    __tablename__ = "handovers"
    __table_args__ = (
        one_of("state", HandoverState),
        one_of("reason", HandoverReason),
        Index("uq_handovers_open", "conversation_id", unique=True, postgresql_where=text("state <> 'resolved'")),
    )

    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    state: Mapped[str] = mapped_column(String(20), default=HandoverState.REQUESTED, server_default="requested")
    reason: Mapped[str] = mapped_column(String(20))
    note: Mapped[str | None] = mapped_column(String(1000))
    assigned_user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    assigned_api_key_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("api_keys.id", ondelete="SET NULL"))
    assigned_at: Mapped[datetime | None]
    first_assigned_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
