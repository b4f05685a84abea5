"""Budgets of an organization."""

import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts.audit import record
from serving.accounts.principal import Actor
from serving.billing import repository
from serving.billing.errors import BudgetNameTakenError, BudgetNotFoundError, BudgetSubjectError
from serving.billing.ledger import renews_on, starts_on
from serving.billing.schemas import BudgetCreate, BudgetOut, BudgetUpdate
from serving.errors import BadRequestError
from storage.postgres.models.budget import Budget, BudgetScope
from storage.postgres.models.budget_period import BudgetPeriod
from storage.postgres.models.ledger_entry import LedgerEntry

_COUNTERS = ("spent_usd", "reserved_usd", "spent_tokens", "reserved_tokens", "spent_answers", "reserved_answers")


async def list_budgets(session: AsyncSession) -> list[BudgetOut]:
    """Budgets with what is used of each."""
    return await _shown(session, await repository.budgets(session))


async def get_budget(session: AsyncSession, budget_id: uuid.UUID) -> BudgetOut:
    """One budget with what is used of it."""
    return (await _shown(session, [await _found(session, budget_id)]))[0]


async def create_budget(session: AsyncSession, actor: Actor, body: BudgetCreate) -> BudgetOut:
    """Add a budget; it counts from now on.

    Raises:
        BudgetSubjectError: The subject is missing, superfluous, or none of the organization's.
        BudgetNameTakenError: There is one of this name.
    """
    is_whole = body.scope is BudgetScope.ORGANIZATION
    if is_whole != (body.subject_id is None):
        raise BudgetSubjectError
    if body.subject_id is not None and not await repository.has_subject(session, body.scope, body.subject_id):
        raise BudgetSubjectError(f"The organization has no {body.scope} {body.subject_id}")
    row = Budget(id=uuid.uuid4(), organization_id=actor.organization_id, **body.model_dump())
    session.add(row)
    await _flush(session)
    record(session, actor, "budget.create", subject_type="budget", subject_id=row.id, details=body.model_dump(mode="json"))  # fmt: skip
    return await get_budget(session, row.id)


async def update_budget(session: AsyncSession, actor: Actor, budget_id: uuid.UUID, body: BudgetUpdate) -> BudgetOut:
    """Change a budget.

    Raises:
        BudgetNotFoundError: Unknown.
        BadRequestError: It would limit nothing.
        BudgetNameTakenError: There is another of this name.
    """
    row = await _found(session, budget_id)
    changes = body.model_dump(exclude_unset=True)
    for name, value in changes.items():
        if value is not None or name.startswith("limit_"):
            setattr(row, name, value)
    if row.limit_usd is None and row.limit_tokens is None and row.limit_answers is None:
        raise BadRequestError("A budget limits at least one of cost, tokens and answers; delete it instead")
    await _flush(session)
    record(session, actor, "budget.update", subject_type="budget", subject_id=row.id, details=body.model_dump(mode="json", exclude_unset=True))  # fmt: skip
    return await get_budget(session, budget_id)


async def delete_budget(session: AsyncSession, actor: Actor, budget_id: uuid.UUID) -> None:
    """Remove a budget with its counters; the ledger stays.

    Raises:
        BudgetNotFoundError: Unknown.
    """
    row = await _found(session, budget_id)
    await session.delete(row)
    record(session, actor, "budget.delete", subject_type="budget", subject_id=row.id, details={"name": row.name})


async def list_entries(
    session: AsyncSession, *, chatbot_id: uuid.UUID | None, only_unpriced: bool, limit: int, offset: int
) -> Sequence[LedgerEntry]:
    """The ledger, latest first."""
    return await repository.entries(
        session, chatbot_id=chatbot_id, only_unpriced=only_unpriced, limit=limit, offset=offset
    )


async def _found(session: AsyncSession, budget_id: uuid.UUID) -> Budget:
    row = await repository.budget(session, budget_id)
    if row is None:
        raise BudgetNotFoundError
    return row


async def _flush(session: AsyncSession) -> None:
    try:
        await session.flush()
    except IntegrityError as error:
        raise BudgetNameTakenError from error


async def _shown(session: AsyncSession, rows: Sequence[Budget]) -> list[BudgetOut]:
    today = datetime.now(UTC).date()
    counters = {(p.budget_id, p.starts_on): p for p in await repository.periods(session, [row.id for row in rows])}
    return [_with_counters(row, counters.get((row.id, starts_on(row.period, today))), today) for row in rows]


def _with_counters(row: Budget, period: BudgetPeriod | None, today: date) -> BudgetOut:
    columns = {column.name: getattr(row, column.name) for column in Budget.__table__.columns}
    used = {name: getattr(period, name) if period else 0 for name in _COUNTERS}
    return BudgetOut.model_validate({**columns, **used, "renews_on": renews_on(row.period, today)})
