"""Reserve before, settle after: one ledger in Postgres, exact however many ask at once.

A reservation is the most that an answer can cost. The counters of the budgets it falls under are rows, locked in the order
of their ids, so two reservations can neither pass a limit together nor wait for each other in a circle.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import structlog
from sqlalchemy import BindParameter, ColumnElement, and_, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from serving.accounts.principal import Actor
from serving.billing.errors import BudgetExceededError
from serving.billing.refusals import BudgetLimit, BudgetUnit
from storage.postgres.models.budget import Budget, BudgetPeriodLength, BudgetScope
from storage.postgres.models.budget_period import BudgetPeriod
from storage.postgres.models.ledger_entry import LedgerEntry, LedgerState
from storage.postgres.models.outbox_event import OutboxEvent
from storage.postgres.session import async_identity_session

# Longer than any answer takes: a reservation that is older belongs to a process that died.
EXPIRES_AFTER = timedelta(minutes=15)
UNPRICED_TOPIC = "billing.unpriced_call"

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Amount:
    """Money and tokens."""

    usd: Decimal
    tokens: int


@dataclass(frozen=True)
class Charge:
    """What a call cost in the end.

    Attributes:
        amount: Money and tokens.
        provider: Who was called.
        model: Which model.
        price_source: Where the price comes from; None when no price is known.
        is_paid: Whether the provider asks for money, so that a cost of nothing is a mistake.
    """

    amount: Amount
    provider: str
    model: str
    price_source: str | None
    is_paid: bool

    @property
    def is_unpriced(self) -> bool:
        """A paid call that came to nothing: no price is known, or the provider counted no tokens."""
        return self.is_paid and self.amount.usd <= 0


def applies_to(
    chatbot_id: uuid.UUID | InstrumentedAttribute[uuid.UUID],
    *,
    user_id: uuid.UUID | BindParameter[Any] | None,
    api_key_id: uuid.UUID | BindParameter[Any] | None,
) -> ColumnElement[bool]:
    """Whether an answer of a bot to a member or a program falls under a budget."""
    subjects = ((BudgetScope.CHATBOT, chatbot_id), (BudgetScope.MEMBER, user_id), (BudgetScope.API_KEY, api_key_id))
    applies = [
        and_(Budget.scope == scope, Budget.subject_id == subject) for scope, subject in subjects if subject is not None
    ]
    return and_(Budget.is_enabled, or_(Budget.scope == BudgetScope.ORGANIZATION, *applies))


async def budgets_of(session: AsyncSession, actor: Actor, chatbot_id: uuid.UUID) -> Sequence[Budget]:
    """The enabled budgets that an answer falls under, in the order in which their counters are locked."""
    falls_under = applies_to(chatbot_id, user_id=actor.user_id, api_key_id=actor.api_key_id)
    return (await session.scalars(select(Budget).where(falls_under).order_by(Budget.id))).all()


async def reserve(
    session: AsyncSession, actor: Actor, *, chatbot_id: uuid.UUID, message_id: uuid.UUID, most: Amount
) -> uuid.UUID:
    """Set aside the most that an answer can cost; the id of the entry, to settle or to release.

    Raises:
        BudgetExceededError: A budget leaves no room for it; nothing is set aside.
    """
    now = datetime.now(UTC)
    periods = []
    for budget in await budgets_of(session, actor, chatbot_id):
        period = await _locked_period(session, budget, now.date())
        _check(budget, period, most, now.date())
        period.reserved_usd += most.usd
        period.reserved_tokens += most.tokens
        period.reserved_answers += 1
        periods.append(period.id)
    entry = LedgerEntry(
        id=uuid.uuid4(),
        organization_id=actor.organization_id,
        message_id=message_id,
        chatbot_id=chatbot_id,
        user_id=actor.user_id,
        api_key_id=actor.api_key_id,
        reserved_usd=most.usd,
        reserved_tokens=most.tokens,
        period_ids=periods,
        expires_at=now + EXPIRES_AFTER,
    )
    session.add(entry)
    await session.flush()
    return entry.id


async def settle(session: AsyncSession, entry_id: uuid.UUID, charge: Charge) -> None:
    """Put what a call cost in the place of what was set aside; again, or after it expired, it does what is right then."""
    entry = await _locked_entry(session, entry_id)
    if entry is None or entry.state in (LedgerState.SETTLED, LedgerState.RELEASED):
        return
    await _count(session, entry, spent=charge.amount, gives_back=entry.state == LedgerState.RESERVED)
    entry.state = LedgerState.SETTLED
    entry.provider, entry.model, entry.price_source = charge.provider, charge.model, charge.price_source
    entry.settled_usd, entry.settled_tokens = charge.amount.usd, charge.amount.tokens
    entry.is_unpriced = charge.is_unpriced
    entry.settled_at = datetime.now(UTC)
    if charge.is_unpriced:
        _alert(session, entry)


async def release(session: AsyncSession, entry_id: uuid.UUID) -> None:
    """Give back what was set aside: nothing was called."""
    entry = await _locked_entry(session, entry_id)
    if entry is not None and entry.state == LedgerState.RESERVED:
        await _count(session, entry, spent=None, gives_back=True)
        entry.state, entry.settled_at = LedgerState.RELEASED, datetime.now(UTC)


async def expire(engine: AsyncEngine) -> int:
    """Give back, for every organization, what processes that died had set aside; how many entries there were."""
    async with async_identity_session(engine) as session:
        count: int = await session.scalar(text("SELECT expire_reservations()")) or 0
    if count:
        log.warning("reservations_expired", count=count)
    return count


def starts_on(period: str, today: date) -> date:
    """First day of the period that a day falls into; one for ever for a budget that never begins anew."""
    if period == BudgetPeriodLength.DAY:
        return today
    return today.replace(day=1) if period == BudgetPeriodLength.MONTH else date(1970, 1, 1)


def renews_on(period: str, today: date) -> date | None:
    """First day of the next period."""
    if period == BudgetPeriodLength.DAY:
        return today + timedelta(days=1)
    if period == BudgetPeriodLength.MONTH:
        return (today.replace(day=28) + timedelta(days=4)).replace(day=1)
    return None


async def _locked_period(session: AsyncSession, budget: Budget, today: date) -> BudgetPeriod:
    keys = {"budget_id": budget.id, "starts_on": starts_on(budget.period, today)}
    await session.execute(
        insert(BudgetPeriod)
        .values(id=uuid.uuid4(), organization_id=budget.organization_id, **keys)
        .on_conflict_do_nothing(index_elements=["budget_id", "starts_on"])
    )
    locked = select(BudgetPeriod).filter_by(**keys).with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(locked)).one()


def _check(budget: Budget, period: BudgetPeriod, most: Amount, today: date) -> None:
    checks: tuple[tuple[Decimal | int | None, Decimal | int, BudgetUnit], ...] = (
        (budget.limit_usd, period.reserved_usd + period.spent_usd + most.usd, "USD"),
        (budget.limit_tokens, period.reserved_tokens + period.spent_tokens + most.tokens, "tokens"),
        (budget.limit_answers, period.reserved_answers + period.spent_answers + 1, "answers"),
    )
    for limit, would_be, unit in checks:
        if limit is not None and would_be > limit:
            raise BudgetExceededError(
                budget.name, BudgetLimit(limit, unit, budget.period), renews_on(budget.period, today)
            )


async def _locked_entry(session: AsyncSession, entry_id: uuid.UUID) -> LedgerEntry | None:
    found: LedgerEntry | None = await session.scalar(
        select(LedgerEntry).where(LedgerEntry.id == entry_id).with_for_update()
    )
    return found


async def _count(session: AsyncSession, entry: LedgerEntry, *, spent: Amount | None, gives_back: bool) -> None:
    if not entry.period_ids:
        return
    # Locked in the order of the budgets, as reserving does.
    ids = select(BudgetPeriod.id).where(BudgetPeriod.id.in_(entry.period_ids)).order_by(BudgetPeriod.budget_id)
    await session.execute(ids.with_for_update())
    back = 1 if gives_back else 0
    values = {
        "reserved_usd": BudgetPeriod.reserved_usd - entry.reserved_usd * back,
        "reserved_tokens": BudgetPeriod.reserved_tokens - entry.reserved_tokens * back,
        "reserved_answers": BudgetPeriod.reserved_answers - back,
        "updated_at": func.now(),
    }
    if spent is not None:
        values |= {
            "spent_usd": BudgetPeriod.spent_usd + spent.usd,
            "spent_tokens": BudgetPeriod.spent_tokens + spent.tokens,
            "spent_answers": BudgetPeriod.spent_answers + 1,
        }
    await session.execute(update(BudgetPeriod).where(BudgetPeriod.id.in_(entry.period_ids)).values(values))


def _alert(session: AsyncSession, entry: LedgerEntry) -> None:
    log.error("paid_call_without_cost", provider=entry.provider, model=entry.model, entry_id=str(entry.id))
    session.add(
        OutboxEvent(
            organization_id=entry.organization_id,
            topic=UNPRICED_TOPIC,
            subject_id=entry.id,
            payload={"provider": entry.provider, "model": entry.model, "tokens": entry.settled_tokens},
        )
    )
