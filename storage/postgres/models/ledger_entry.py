"""The ledger of cost: every call that may cost something, reserved before and settled after."""

import enum
import uuid
from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, ForeignKey, Index, Numeric, String, text
from sqlalchemy.dialects.postgresql import ARRAY, UUID
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Created, Identified, OrganizationOwned, one_of


class LedgerState(enum.StrEnum):
    """Life of an entry."""

    RESERVED = "reserved"
    SETTLED = "settled"
    RELEASED = "released"
    """Nothing was called after all."""
    EXPIRED = "expired"
    """Its process died; what it cost is not known, and is settled if word comes later."""


class LedgerEntry(Identified, OrganizationOwned, Created, Base):
    """One call's cost. `is_unpriced`: a paid provider was called and no price is known, or came to nothing."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        Index("ix_ledger_entries_organization_id_created_at", "organization_id", "created_at"),
        Index("ix_ledger_entries_reserved", "expires_at", postgresql_where=text("state = 'reserved'")),
        one_of("state", LedgerState),
    )

    message_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("messages.id", ondelete="SET NULL"), index=True)
    chatbot_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("chatbots.id", ondelete="SET NULL"))
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    api_key_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("api_keys.id", ondelete="SET NULL"))
    state: Mapped[str] = mapped_column(String(20), default=LedgerState.RESERVED)
    provider: Mapped[str | None] = mapped_column(String(50))
    model: Mapped[str | None] = mapped_column(String(200))
    reserved_usd: Mapped[Decimal] = mapped_column(Numeric(14, 8))
    settled_usd: Mapped[Decimal | None] = mapped_column(Numeric(14, 8))
    reserved_tokens: Mapped[int] = mapped_column(BigInteger)
    settled_tokens: Mapped[int | None] = mapped_column(BigInteger)
    is_unpriced: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    price_source: Mapped[str | None] = mapped_column(String(100))
    period_ids: Mapped[list[uuid.UUID]] = mapped_column(ARRAY(UUID), default=list, server_default="{}")
    expires_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
