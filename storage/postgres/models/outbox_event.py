"""The outbox: effects that follow a committed change."""

import enum
import uuid
from datetime import datetime

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Created, Identified, JsonObject, OrganizationOwned, one_of


class OutboxState(enum.StrEnum):
    """Life of an event."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


class OutboxEvent(Identified, OrganizationOwned, Created, Base):
    """Written in the transaction of its cause; delivered at least once; its id is stable over retries."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_pending", "run_after", postgresql_where=text("state = 'pending'")),
        one_of("state", OutboxState),
    )

    topic: Mapped[str] = mapped_column(String(100))
    subject_id: Mapped[uuid.UUID]
    payload: Mapped[JsonObject] = mapped_column(default=dict, server_default="{}")
    state: Mapped[str] = mapped_column(String(20), default=OutboxState.PENDING)
    attempts: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    run_after: Mapped[datetime] = mapped_column(server_default=text("now()"))
    delivered_at: Mapped[datetime | None]
    error: Mapped[str | None]
