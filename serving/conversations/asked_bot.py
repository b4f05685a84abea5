"""The bot that is asked, its configuration and its models: one statement, because every answer begins with it."""

import functools
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from sqlalchemy import Select, String, and_, bindparam, exists, func
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
    asked = {"bot": reference, "asking_member": actor.user_id, "asking_key": actor.api_key_id}
    rows = (await session.execute(_statement(is_by_id=isinstance(reference, uuid.UUID)), asked)).all()
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


@functools.cache
def _statement(
    *, is_by_id: bool
) -> Select[Chatbot, ChatbotVersion, bool, OrganizationModel | None, ModelConnection | None]:
    """Built once: building it costs more than sending it."""
    # A member or a key that is null is nobody's budget.
    is_budgeted = exists().where(
        applies_to(Chatbot.id, user_id=bindparam("asking_member"), api_key_id=bindparam("asking_key"))
    )
    is_routed = ChatbotVersion.config["routing"]["candidates"].contains(
        func.jsonb_build_array(func.jsonb_build_object("model_id", as_type(OrganizationModel.id, String)))
    )
    return (
        bots.chatbot_statement(bindparam("bot"), is_by_id=is_by_id)
        .add_columns(is_budgeted, OrganizationModel, ModelConnection)
        .outerjoin(OrganizationModel, and_(OrganizationModel.organization_id == Chatbot.organization_id, is_routed))
        .outerjoin(ModelConnection, ModelConnection.id == OrganizationModel.connection_id)
    )
