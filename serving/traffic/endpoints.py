"""The route of live traffic."""

from typing import Annotated

from fastapi import APIRouter, Query

from serving.dependencies import AnalyticsReader, Context, Database
from serving.traffic import service
from serving.traffic.schemas import TrafficOut

router = APIRouter(prefix="/api/v1", tags=["telemetry"])


@router.get("/traffic")
async def read_traffic(
    actor: AnalyticsReader,
    context: Context,
    session: Database,
    minutes: Annotated[int, Query(ge=5, le=24 * 60, description="how far back")] = 15,
) -> TrafficOut:
    """What the organization's bots do right now: answers, first token, tokens, errors, queue, breakers, cost."""
    return await service.live_traffic(context, session, actor, minutes=minutes)
