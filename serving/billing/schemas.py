"""Shapes of the billing routes."""

import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, model_validator

from serving.accounts.schemas import Name, Read, Write
from storage.postgres.models.budget import BudgetPeriodLength, BudgetScope
from storage.postgres.models.ledger_entry import LedgerState

Money = Annotated[Decimal, Field(ge=0, max_digits=14, decimal_places=8)]
Count = Annotated[int, Field(ge=0, le=10**15)]


class Limits(Write):
    """What a budget bounds; at least one. Calls beside an answer count as answers do; an answer from the cache counts for nothing."""

    limit_usd: Money | None = None
    limit_tokens: Count | None = None
    limit_answers: Count | None = Field(
        default=None, description="calls of models: answers, and what is asked beside them"
    )


class BudgetCreate(Limits):
    """Bound the spending of the organization, a bot, a member or a key."""

    name: Name
    scope: BudgetScope = BudgetScope.ORGANIZATION
    subject_id: uuid.UUID | None = Field(default=None, description="the bot, user or key; none for the organization")
    period: BudgetPeriodLength = BudgetPeriodLength.MONTH

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if self.limit_usd is None and self.limit_tokens is None and self.limit_answers is None:
            raise ValueError("give at least one of limit_usd, limit_tokens and limit_answers")
        return self


class BudgetUpdate(Limits):
    """Change a budget; a limit that is null is lifted."""

    name: Name | None = None
    is_enabled: bool | None = None


class BudgetOut(Read):
    """A budget with what is used of it in the current period."""

    id: uuid.UUID
    name: str
    scope: BudgetScope
    subject_id: uuid.UUID | None
    period: BudgetPeriodLength
    limit_usd: Decimal | None
    limit_tokens: int | None
    limit_answers: int | None
    is_enabled: bool
    spent_usd: Decimal
    reserved_usd: Decimal
    spent_tokens: int
    reserved_tokens: int
    spent_answers: int
    reserved_answers: int
    renews_on: date | None
    created_at: datetime
    updated_at: datetime


class LedgerEntryOut(Read):
    """One call's cost: of an answer, or of what a model was asked beside it."""

    id: uuid.UUID
    message_id: uuid.UUID | None
    chatbot_id: uuid.UUID | None
    user_id: uuid.UUID | None
    api_key_id: uuid.UUID | None
    state: LedgerState
    provider: str | None
    model: str | None
    reserved_usd: Decimal
    settled_usd: Decimal | None
    reserved_tokens: int
    settled_tokens: int | None
    is_unpriced: bool = Field(description="a paid provider was called and no price is known, or it came to nothing")
    price_source: str | None
    created_at: datetime
    settled_at: datetime | None
