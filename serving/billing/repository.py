"""Queries of budgets and the ledger."""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.postgres.models.api_key import ApiKey
from storage.postgres.models.base import Base
from storage.postgres.models.budget import Budget, BudgetScope
from storage.postgres.models.budget_period import BudgetPeriod
from storage.postgres.models.chatbot import Chatbot
from storage.postgres.models.ledger_entry import LedgerEntry
from storage.postgres.models.member import Member


async def budgets(session: AsyncSession) -> Sequence[Budget]:
    """All budgets, by name."""
    return (await session.scalars(select(Budget).order_by(Budget.name, Budget.id))).all()


async def budget(session: AsyncSession, budget_id: uuid.UUID) -> Budget | None:
    """One budget, locked until the transaction ends."""
    found: Budget | None = await session.scalar(select(Budget).where(Budget.id == budget_id).with_for_update())
    return found


async def periods(session: AsyncSession, budget_ids: Sequence[uuid.UUID]) -> Sequence[BudgetPeriod]:
    """The counters of budgets, latest first."""
    statement = (
        select(BudgetPeriod)
        .where(BudgetPeriod.budget_id.in_(budget_ids))
        .order_by(BudgetPeriod.starts_on.desc(), BudgetPeriod.id)
    )
    return (await session.scalars(statement)).all()


async def has_subject(session: AsyncSession, scope: BudgetScope, subject_id: uuid.UUID) -> bool:
    """Whether the organization has such a bot, member or key."""
    columns: dict[BudgetScope, tuple[type[Base], Any]] = {
        BudgetScope.CHATBOT: (Chatbot, Chatbot.id),
        BudgetScope.MEMBER: (Member, Member.user_id),
        BudgetScope.API_KEY: (ApiKey, ApiKey.id),
    }
    _, column = columns[scope]
    return await session.scalar(select(column).where(column == subject_id).limit(1)) is not None


async def entries(
    session: AsyncSession, *, chatbot_id: uuid.UUID | None, only_unpriced: bool, limit: int, offset: int
) -> Sequence[LedgerEntry]:
    """Entries of the ledger, latest first."""
    statement = select(LedgerEntry).order_by(LedgerEntry.created_at.desc(), LedgerEntry.id)
    if chatbot_id is not None:
        statement = statement.where(LedgerEntry.chatbot_id == chatbot_id)
    if only_unpriced:
        statement = statement.where(LedgerEntry.is_unpriced)
    return (await session.scalars(statement.limit(limit).offset(offset))).all()
