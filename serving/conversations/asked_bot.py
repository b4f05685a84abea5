"""The bot that is asked, its configuration and its models: one statement, because every answer begins with it."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from sqlalchemy import String, and_, exists, func
from sqlalchemy import cast as as_type
from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts.principal import Actor
from serving.billing.ledger import applies_to
from serving.bots import repository as bots
from serving.bots.schemas import ChatbotConfig
from serving.inference.connections.repository import ModelRow
from storage.postgres.models.chatbot import Chatbot
from storage.postgres.models.chatbot_version import ChatbotVersion
from storage.postgres.models.model_connection import ModelConnection
from storage.postgres.models.organization_model import OrganizationModel


@dataclass(frozen=True, slots=True)
class AskedBot:
    """A bot as it is now.

    `models` are those of its routing that are here, with their connections. `is_budgeted` says whether an answer to the one
    who asks falls under a budget.
    """

    chatbot: Chatbot
    version: ChatbotVersion
    config: ChatbotConfig
    models: Mapping[uuid.UUID, ModelRow]
    is_budgeted: bool


async def asked_bot(session: AsyncSession, actor: Actor, reference: uuid.UUID | str) -> AskedBot | None:
    """A bot by id or slug; None when there is none or it is archived."""
    is_routed = ChatbotVersion.config["routing"]["candidates"].contains(
        func.jsonb_build_array(func.jsonb_build_object("model_id", as_type(OrganizationModel.id, String)))
    )
    statement = (
        bots.chatbot_statement(reference)
        .add_columns(exists().where(applies_to(actor, Chatbot.id)), OrganizationModel, ModelConnection)
        .outerjoin(OrganizationModel, and_(OrganizationModel.organization_id == Chatbot.organization_id, is_routed))
        .outerjoin(ModelConnection, ModelConnection.id == OrganizationModel.connection_id)
    )
    rows = (await session.execute(statement)).all()
    if not rows:
        return None
    first = rows[0]
    models = {row[3].id: (row[3], row[4]) for row in rows if row[3] is not None}
    return AskedBot(
        chatbot=first[0],
        version=first[1],
        config=ChatbotConfig.model_validate(first[1].config),
        models=cast("Mapping[uuid.UUID, ModelRow]", models),
        is_budgeted=first[2],
    )
