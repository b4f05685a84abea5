"""Live traffic: what the database knows of the whole organization, beside what this server knows of itself."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts.principal import Actor
from serving.context import ServingContext
from serving.conversations.streams.refusals import KEPT_MINUTES
from serving.inference.connections import repository as connections
from serving.inference.routing.health import HealthLine
from serving.traffic import repository
from serving.traffic.schemas import ErrorCount, ModelTraffic, ServerTraffic, TrafficBucket, TrafficCounts, TrafficOut
from storage.postgres.session import AnyRow

_STEPS = 60
_NOTHING: dict[str, Any] = {
    "answers": 0, "answered": 0, "not_known": 0, "failed": 0, "interrupted": 0, "stopped": 0, "running": 0,
    "first_token_p50_ms": None, "first_token_p95_ms": None, "total_p95_ms": None,
    "prompt_tokens": 0, "completion_tokens": 0, "cost_usd": 0,
}  # fmt: skip


async def live_traffic(context: ServingContext, session: AsyncSession, actor: Actor, *, minutes: int) -> TrafficOut:
    """Traffic of the last minutes, up to now.

    Args:
        context: The server that is asked.
        session: A transaction of the organization.
        actor: Who asks.
        minutes: How far back; up to an hour in steps of a minute, else in `_STEPS` equal steps.
    """
    now = datetime.now(UTC)
    bucket_s = 60 if minutes <= _STEPS else minutes * 60 // _STEPS
    step = timedelta(seconds=bucket_s)
    since = now - timedelta(minutes=minutes)
    totals = await repository.totals(session, since)
    usage = await repository.usage_totals(session, since)
    return TrafficOut(
        at=now,
        minutes=minutes,
        bucket_s=bucket_s,
        totals=TrafficCounts.model_validate({**totals._mapping, **usage._mapping}),
        buckets=_without_gaps(
            [*await repository.buckets(session, since, step), *await repository.usage_buckets(session, since, step)],
            since,
            step,
            now,
        ),
        models=await _models(context, session, since),
        errors=[ErrorCount.model_validate(row) for row in await repository.errors(session, since)],
        server=_server(context, actor.organization_id, minutes),
    )


def _without_gaps(rows: list[AnyRow], since: datetime, step: timedelta, now: datetime) -> list[TrafficBucket]:
    found: dict[datetime, dict[str, Any]] = {}
    starts_at = since
    while starts_at < now:
        found[starts_at] = {**_NOTHING, "starts_at": starts_at}
        starts_at += step
    for row in rows:
        # What was stored since `now` was looked at belongs to the next look.
        if row.starts_at in found:
            found[row.starts_at] |= row._mapping
    return [TrafficBucket.model_validate(values) for values in found.values()]


async def _models(context: ServingContext, session: AsyncSession, since: datetime) -> list[ModelTraffic]:
    names = {row.id: row.name for row in await connections.connections(session)}
    lines: dict[tuple[str, str, uuid.UUID | None], HealthLine] = {}
    for line in context.router.health.lines():
        if line.key.connection_id in names:
            # A key that was replaced leaves a line of its own; the latest is the one in use.
            lines[line.key.provider, line.key.model, line.key.connection_id] = line
    shown: list[ModelTraffic] = []
    for row in await repository.models(session, since):
        health = lines.pop((row.provider, row.model, row.model_connection_id), None)
        shown.append(_model({**row._mapping}, row.model_connection_id, names, health))
    for (provider, model, connection_id), line in lines.items():
        shown.append(_model({"provider": provider, "model": model, "answers": 0}, connection_id, names, line))
    return shown


def _model(
    row: dict[str, Any], connection_id: uuid.UUID | None, names: dict[uuid.UUID, str], health: HealthLine | None
) -> ModelTraffic:
    return ModelTraffic(
        provider=row["provider"],
        model=row["model"],
        connection_id=connection_id,
        connection=names.get(connection_id) if connection_id else None,
        answers=row["answers"],
        first_token_p50_ms=row.get("first_token_p50_ms"),
        first_token_p95_ms=row.get("first_token_p95_ms"),
        tokens_per_s=row.get("tokens_per_s"),
        breaker=health.state if health else None,
        wait_s=health.wait_s if health else None,
        last_error=health.last_error if health else None,
        calls=health.calls if health else None,
        failures=health.failures if health else None,
    )


def _server(context: ServingContext, organization_id: uuid.UUID, minutes: int) -> ServerTraffic:
    admission, refusals = context.streams.admission, context.streams.refusals
    running, waiting = admission.of(organization_id)
    known = min(minutes, KEPT_MINUTES)
    return ServerTraffic(
        running=running,
        waiting=waiting,
        running_limit=admission.limits.running_per_organization,
        places_taken=admission.running,
        places=admission.limits.running,
        refused=refusals.lately(organization_id, known),
        refused_unread=refusals.lately(None, known),
        is_draining=admission.is_draining,
    )
