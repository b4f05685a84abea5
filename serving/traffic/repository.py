"""Queries of live traffic. Row-level security keeps them inside the organization."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Float, Select, and_, case, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.postgres.models.message import Message, MessageAuthor, MessageRole, MessageState
from storage.postgres.models.receipt import Receipt
from storage.postgres.models.usage_record import UsageRecord
from storage.postgres.session import AnyRow

_FIRST = Receipt.latencies_ms["first_token"].astext.cast(Float)
_TOTAL = Receipt.latencies_ms["total"].astext.cast(Float)
_SPEAKING_S = func.nullif(func.greatest(_TOTAL - _FIRST, 0), 0) / 1000


async def totals(session: AsyncSession, since: datetime) -> AnyRow:
    """Answers since a moment, counted by how they ended."""
    found: AnyRow = (await session.execute(_answers(since))).one()
    return found


async def buckets(session: AsyncSession, since: datetime, step: timedelta) -> Sequence[AnyRow]:
    """The same in steps of time; steps in which nothing was asked are left out."""
    starts_at = _step(Message.created_at, since, step)
    return (await session.execute(_answers(since).add_columns(starts_at).group_by(starts_at))).all()


async def usage_totals(session: AsyncSession, since: datetime) -> AnyRow:
    """Tokens and cost since a moment."""
    found: AnyRow = (await session.execute(_usage(since))).one()
    return found


async def usage_buckets(session: AsyncSession, since: datetime, step: timedelta) -> Sequence[AnyRow]:
    """The same in steps of time."""
    starts_at = _step(UsageRecord.created_at, since, step)
    return (await session.execute(_usage(since).add_columns(starts_at).group_by(starts_at))).all()


async def models(session: AsyncSession, since: datetime) -> Sequence[AnyRow]:
    """Who answered since a moment, and how fast."""
    # Quoted sentences come whole: only what a model says word by word has a speed.
    speaks = and_(Receipt.completion_tokens > 1, Receipt.model_connection_id.is_not(None))
    speed = case((speaks, Receipt.completion_tokens / _SPEAKING_S))
    statement = (
        select(
            Receipt.provider,
            Receipt.model,
            Receipt.model_connection_id,
            func.count().label("answers"),
            _percentile(_FIRST, 0.5, "first_token_p50_ms"),
            _percentile(_FIRST, 0.95, "first_token_p95_ms"),
            _percentile(speed, 0.5, "tokens_per_s"),
        )
        .where(Receipt.created_at >= since)
        .group_by(Receipt.provider, Receipt.model, Receipt.model_connection_id)
        .order_by(func.count().desc(), Receipt.provider, Receipt.model)
    )
    return (await session.execute(statement)).all()


async def errors(session: AsyncSession, since: datetime) -> Sequence[AnyRow]:
    """Why answers failed since a moment, most frequent first."""
    statement = (
        select(func.coalesce(Message.error_type, "unknown").label("error"), func.count().label("answers"))
        .where(*_are_answers(since), Message.state == MessageState.FAILED)
        .group_by(Message.error_type)
        .order_by(func.count().desc(), Message.error_type)
    )
    return (await session.execute(statement)).all()


def _answers(since: datetime) -> Select[*tuple[Any, ...]]:
    def count(state: MessageState, *conditions: ColumnElement[bool]) -> ColumnElement[int]:
        return func.count().filter(Message.state == state, *conditions)

    return (
        select(
            func.count().label("answers"),
            count(MessageState.COMPLETE, Receipt.is_refused.is_(False)).label("answered"),
            count(MessageState.COMPLETE, Receipt.is_refused.is_(True)).label("not_known"),
            count(MessageState.FAILED).label("failed"),
            count(MessageState.INTERRUPTED).label("interrupted"),
            count(MessageState.CANCELLED).label("stopped"),
            count(MessageState.STREAMING).label("running"),
            _percentile(_FIRST, 0.5, "first_token_p50_ms"),
            _percentile(_FIRST, 0.95, "first_token_p95_ms"),
            _percentile(_TOTAL, 0.95, "total_p95_ms"),
        )
        .select_from(Message)
        .outerjoin(Receipt, Receipt.message_id == Message.id)
        .where(*_are_answers(since))
    )


def _are_answers(since: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Message.created_at >= since,
        Message.role == MessageRole.ASSISTANT,
        Message.author == MessageAuthor.BOT,
    )


def _usage(since: datetime) -> Select[*tuple[Any, ...]]:
    return select(
        func.coalesce(func.sum(UsageRecord.prompt_tokens), 0).label("prompt_tokens"),
        func.coalesce(func.sum(UsageRecord.completion_tokens), 0).label("completion_tokens"),
        func.coalesce(func.sum(UsageRecord.cost_usd), 0).label("cost_usd"),
    ).where(UsageRecord.created_at >= since)


def _step(moment: Any, since: datetime, step: timedelta) -> ColumnElement[datetime]:
    return func.date_bin(literal(step), moment, literal(since)).label("starts_at")


def _percentile(value: Any, share: float, name: str) -> ColumnElement[float]:
    return func.percentile_cont(share).within_group(value).label(name)
