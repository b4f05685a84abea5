"""Periods of budgets: what is reserved and spent in each."""

import uuid
from datetime import date
from decimal import Decimal

from sqlalchemy import BigInteger, ForeignKey, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Identified, OrganizationOwned, Timestamped

_ZERO = text("0")


class BudgetPeriod(Identified, OrganizationOwned, Timestamped, Base):
    """One counter row, locked by whoever reserves, so that a limit holds however many ask at once."""

    __tablename__ = "budget_periods"
    __table_args__ = (UniqueConstraint("budget_id", "starts_on"),)

    budget_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("budgets.id", ondelete="CASCADE"))
    starts_on: Mapped[date]
    reserved_usd: Mapped[Decimal] = mapped_column(Numeric(18, 8), default=Decimal(0), server_default=_ZERO)
    spent_usd: Mapped[Decimal] = mapped_column(Numeric(18, 8), default=Decimal(0), server_default=_ZERO)
    reserved_tokens: Mapped[int] = mapped_column(BigInteger, default=0, server_default=_ZERO)
    spent_tokens: Mapped[int] = mapped_column(BigInteger, default=0, server_default=_ZERO)
    reserved_answers: Mapped[int] = mapped_column(BigInteger, default=0, server_default=_ZERO)
    spent_answers: Mapped[int] = mapped_column(BigInteger, default=0, server_default=_ZERO)
