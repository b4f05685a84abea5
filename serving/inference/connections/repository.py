"""Queries of model connections and models."""

import uuid
from collections.abc import Sequence

from sqlalchemy import Row, cast, exists, or_, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from storage.postgres.models.chatbot import Chatbot, ChatbotStatus
from storage.postgres.models.chatbot_version import ChatbotVersion
from storage.postgres.models.eval_run import EvalRun
from storage.postgres.models.model_connection import ModelConnection
from storage.postgres.models.organization_model import OrganizationModel

ModelRow = Row[OrganizationModel, ModelConnection]


async def connections(session: AsyncSession) -> Sequence[ModelConnection]:
    """All connections, by name."""
    return (await session.scalars(select(ModelConnection).order_by(ModelConnection.name, ModelConnection.id))).all()


async def connection(
    session: AsyncSession, connection_id: uuid.UUID, *, for_update: bool = False
) -> ModelConnection | None:
    """One connection, locked until the transaction ends if it is to be changed."""
    statement = select(ModelConnection).where(ModelConnection.id == connection_id)
    found: ModelConnection | None = await session.scalar(statement.with_for_update() if for_update else statement)
    return found


async def models(session: AsyncSession, *, connection_id: uuid.UUID | None = None) -> Sequence[ModelRow]:
    """All models with their connections, by name."""
    statement = (
        select(OrganizationModel, ModelConnection)
        .join(ModelConnection, ModelConnection.id == OrganizationModel.connection_id)
        .order_by(OrganizationModel.name, OrganizationModel.id)
    )
    if connection_id is not None:
        statement = statement.where(OrganizationModel.connection_id == connection_id)
    return (await session.execute(statement)).all()


async def models_by_id(session: AsyncSession, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, ModelRow]:
    """Those of the models that are here, with their connections."""
    statement = (
        select(OrganizationModel, ModelConnection)
        .join(ModelConnection, ModelConnection.id == OrganizationModel.connection_id)
        .where(OrganizationModel.id.in_(ids))
    )
    return {row[0].id: row for row in (await session.execute(statement)).all()}


async def has_eval_run(session: AsyncSession, eval_run_id: uuid.UUID) -> bool:
    """Whether there is such an evaluation run."""
    return bool(await session.scalar(select(exists().where(EvalRun.id == eval_run_id))))


async def bots_with(session: AsyncSession, model_ids: Sequence[uuid.UUID]) -> list[str]:
    """Slugs of the bots whose current version answers with one of the models."""
    candidates = ChatbotVersion.config["routing"]["candidates"]
    wanted = [candidates.contains(cast([{"model_id": str(model_id)}], JSONB)) for model_id in model_ids]
    if not wanted:
        return []
    statement = (
        select(Chatbot.slug)
        .join(ChatbotVersion, ChatbotVersion.id == Chatbot.current_version_id)
        .where(Chatbot.status != ChatbotStatus.ARCHIVED, or_(*wanted))
        .order_by(Chatbot.slug)
    )
    return list((await session.scalars(statement)).all())
