"""Routes of erasures."""

import uuid
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query

from serving.dependencies import Database, Owner
from serving.erasures import service
from serving.erasures.schemas import ErasureCreate, ErasureOut

router = APIRouter(prefix="/api/v1/erasures", tags=["erasures"])


@router.get("", response_model=list[ErasureOut])
async def list_erasures(
    actor: Owner,
    session: Database,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> Sequence[Any]:
    """The ledger of erasures, newest first."""
    return await service.list_erasures(session, limit=limit, offset=offset)


@router.post("", status_code=202, response_model=ErasureOut)
async def ask_for_erasure(actor: Owner, body: ErasureCreate, session: Database) -> Any:
    """Erase a document, a knowledge base or a person for good; a worker does it. There is no way back."""
    return await service.ask_for_erasure(session, actor, body)


@router.get("/{erasure_id}", response_model=ErasureOut)
async def read_erasure(actor: Owner, erasure_id: uuid.UUID, session: Database) -> Any:
    """One erasure: how far it is, what it touched, and the proof."""
    return await service.get_erasure(session, erasure_id)
