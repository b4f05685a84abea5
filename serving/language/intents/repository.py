"""Queries of intents, their examples and their models."""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from storage.postgres.models.chatbot import Chatbot, ChatbotStatus
from storage.postgres.models.intent import Intent
from storage.postgres.models.intent_example import IntentExample
from storage.postgres.models.intent_model import IntentModel

_ROWS_PER_INSERT = 2_000


async def chatbot(session: AsyncSession, chatbot_id: uuid.UUID, *, lock: bool = False) -> Chatbot | None:
    """A bot that is not archived."""
    statement = select(Chatbot).where(Chatbot.id == chatbot_id, Chatbot.status != ChatbotStatus.ARCHIVED)
    found: Chatbot | None = await session.scalar(statement.with_for_update() if lock else statement)
    return found


async def intents(session: AsyncSession, chatbot_id: uuid.UUID) -> Sequence[Row[Intent, int]]:
    """Intents with the number of their examples, by name, out of scope last."""
    count = (
        select(func.count())
        .select_from(IntentExample)
        .where(IntentExample.intent_id == Intent.id)
        .correlate(Intent)
        .scalar_subquery()
    )
    statement = (
        select(Intent, count).where(Intent.chatbot_id == chatbot_id).order_by(Intent.is_out_of_scope, Intent.name)
    )
    return (await session.execute(statement)).all()


async def intent(session: AsyncSession, chatbot_id: uuid.UUID, intent_id: uuid.UUID) -> Intent | None:
    """One intent of a bot."""
    found: Intent | None = await session.scalar(
        select(Intent).where(Intent.id == intent_id, Intent.chatbot_id == chatbot_id)
    )
    return found


async def count_examples(session: AsyncSession, intent_id: uuid.UUID) -> int:
    """How many examples an intent has."""
    statement = select(func.count()).select_from(IntentExample).where(IntentExample.intent_id == intent_id)
    return int(await session.scalar(statement) or 0)


async def examples_of(
    session: AsyncSession, intent_id: uuid.UUID, *, limit: int, offset: int
) -> Sequence[IntentExample]:
    """Examples of an intent, oldest first."""
    statement = (
        select(IntentExample)
        .where(IntentExample.intent_id == intent_id)
        .order_by(IntentExample.created_at, IntentExample.text)
        .limit(limit)
        .offset(offset)
    )
    return (await session.scalars(statement)).all()


async def training_rows(session: AsyncSession, chatbot_id: uuid.UUID) -> list[tuple[str, str | None]]:
    """Text and intent of every example of a bot, in a fixed order; None for out of scope."""
    statement = (
        select(IntentExample.text, Intent.name, Intent.is_out_of_scope)
        .join(Intent, Intent.id == IntentExample.intent_id)
        .where(IntentExample.chatbot_id == chatbot_id)
        .order_by(Intent.name, IntentExample.text)
    )
    return [(text, None if outside else name) for text, name, outside in (await session.execute(statement)).all()]


async def intents_of_texts(session: AsyncSession, chatbot_id: uuid.UUID, texts: Sequence[str]) -> dict[str, uuid.UUID]:
    """Which intent each text is an example of, for those that are one."""
    statement = select(IntentExample.text, IntentExample.intent_id).where(
        IntentExample.chatbot_id == chatbot_id, IntentExample.text.in_(texts)
    )
    return {row.text: row.intent_id for row in await session.execute(statement)}


async def add_examples(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Write examples; texts that the bot has already stay as they are."""
    for start in range(0, len(rows), _ROWS_PER_INSERT):
        statement = insert(IntentExample).values(rows[start : start + _ROWS_PER_INSERT])
        await session.execute(statement.on_conflict_do_nothing(index_elements=["chatbot_id", "text"]))


async def delete_example(session: AsyncSession, intent_id: uuid.UUID, example_id: uuid.UUID) -> bool:
    """Take an example away; whether it was there."""
    statement = delete(IntentExample).where(IntentExample.id == example_id, IntentExample.intent_id == intent_id)
    removed = await session.scalars(statement.returning(IntentExample.id))
    return removed.one_or_none() is not None


async def models(session: AsyncSession, chatbot_id: uuid.UUID) -> Sequence[IntentModel]:
    """Models of a bot, newest first, without their weights."""
    statement = select(IntentModel).where(IntentModel.chatbot_id == chatbot_id).order_by(IntentModel.number.desc())
    return (await session.scalars(statement)).all()


async def model(session: AsyncSession, chatbot_id: uuid.UUID, model_id: uuid.UUID) -> IntentModel | None:
    """One model of a bot, without its weights."""
    found: IntentModel | None = await session.scalar(
        select(IntentModel).where(IntentModel.id == model_id, IntentModel.chatbot_id == chatbot_id)
    )
    return found


async def weights(session: AsyncSession, model_id: uuid.UUID) -> bytes:
    """The weights of a model that is there."""
    found: bytes = (await session.execute(select(IntentModel.weights).where(IntentModel.id == model_id))).scalar_one()
    return found


async def next_model_number(session: AsyncSession, chatbot_id: uuid.UUID) -> int:
    """Number of the next model; the caller holds the lock on the bot's row."""
    newest = await session.scalar(select(func.max(IntentModel.number)).where(IntentModel.chatbot_id == chatbot_id))
    return (newest or 0) + 1
