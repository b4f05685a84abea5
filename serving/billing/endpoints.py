"""Routes of budgets and the ledger."""

import uuid
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query

from serving.billing import service
from serving.billing.schemas import BudgetCreate, BudgetOut, BudgetUpdate, LedgerEntryOut
from serving.dependencies import AnalyticsReader, Database, Owner

router = APIRouter(prefix="/api/v1", tags=["billing"])


@router.get("/budgets")
async def list_budgets(actor: AnalyticsReader, session: Database) -> list[BudgetOut]:
    """Budgets with what is used of each in its current period."""
    return await service.list_budgets(session)


@router.post("/budgets", status_code=201)
async def create_budget(actor: Owner, body: BudgetCreate, session: Database) -> BudgetOut:
    """Bound the spending of the organization, a bot, a member or a key; it counts from now on."""
    return await service.create_budget(session, actor, body)


@router.get("/budgets/{budget_id}")
async def read_budget(actor: AnalyticsReader, budget_id: uuid.UUID, session: Database) -> BudgetOut:
    """One budget."""
    return await service.get_budget(session, budget_id)


@router.patch("/budgets/{budget_id}")
async def update_budget(actor: Owner, budget_id: uuid.UUID, body: BudgetUpdate, session: Database) -> BudgetOut:
    """Change a budget. A new limit holds for the next call."""
    return await service.update_budget(session, actor, budget_id, body)


@router.delete("/budgets/{budget_id}", status_code=204)
async def delete_budget(actor: Owner, budget_id: uuid.UUID, session: Database) -> None:
    """Remove a budget; the ledger stays."""
    await service.delete_budget(session, actor, budget_id)


@router.get("/ledger", response_model=list[LedgerEntryOut])
async def list_entries(
    actor: AnalyticsReader,
    session: Database,
    chatbot_id: uuid.UUID | None = None,
    only_unpriced: bool = False,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> Sequence[Any]:
    """What each call cost, latest first: answers, and what models were asked beside them."""
    return await service.list_entries(
        session, chatbot_id=chatbot_id, only_unpriced=only_unpriced, limit=limit, offset=offset
    )
