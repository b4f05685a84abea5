"""Budgets: how much may be spent in a period, by whom."""

import enum
import uuid
from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, Numeric, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Identified, OrganizationOwned, Timestamped, one_of


class BudgetScope(enum.StrEnum):
    """Whose spending a budget bounds."""

    ORGANIZATION = "organization"
    CHATBOT = "chatbot"
    MEMBER = "member"
    API_KEY = "api_key"


class BudgetPeriodLength(enum.StrEnum):
    """When a budget begins anew, in UTC."""

    DAY = "day"
    MONTH = "month"
    TOTAL = "total"


class Budget(Identified, OrganizationOwned, Timestamped, Base):
    """A limit on cost, tokens or answers; `subject_id` is the bot, member or key, none for the whole organization."""

    __tablename__ = "budgets"
    __table_args__ = (
        UniqueConstraint("organization_id", "name"),
        one_of("scope", BudgetScope),
        one_of("period", BudgetPeriodLength),
        CheckConstraint("(scope = 'organization') = (subject_id IS NULL)", name="subject_of_its_scope"),
        CheckConstraint("num_nonnulls(limit_usd, limit_tokens, limit_answers) > 0", name="limits_something"),
    )

    name: Mapped[str] = mapped_column(String(255))
    scope: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[uuid.UUID | None]
    period: Mapped[str] = mapped_column(String(10))
    limit_usd: Mapped[Decimal | None] = mapped_column(Numeric(14, 8))
    limit_tokens: Mapped[int | None] = mapped_column(BigInteger)
    limit_answers: Mapped[int | None] = mapped_column(BigInteger)
    is_enabled: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
