"""Makes a vLLM server of this machine known to an organization: a connection with its key, and a model for each name."""

import uuid
from dataclasses import dataclass

from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts.principal import Actor
from serving.context import ServingContext
from serving.inference.connections import repository
from serving.inference.connections.models import create_model, update_model
from serving.inference.connections.schemas import (
    ModelConnectionCreate,
    ModelConnectionUpdate,
    ModelCreate,
    ModelUpdate,
)
from serving.inference.connections.service import create_connection, update_connection
from serving.inference.providers.limits import CallLimits
from serving.inference.vllm.state import ServerState
from storage.postgres.models.model_connection import ModelConnection, ModelProvider
from storage.postgres.models.organization_model import OrganizationModel
from storage.postgres.session import async_organization_session

_TOOL_ARGUMENT = "--enable-auto-tool-choice"
CONNECTION_NAME = "vLLM on this machine"
# A server that is full lets a request wait before its first word, and a CPU takes seconds for each.
LIMITS = CallLimits(first_token_s=30.0, gap_s=30.0, total_s=300.0)


@dataclass(frozen=True)
class _Wanted:
    display_name: str
    adapter_hash: str | None = None


async def register_server(context: ServingContext, actor: Actor, state: ServerState, key: str) -> dict[str, uuid.UUID]:
    """Make or update the connection and its models. Models of adapters that do not answer any more are switched off.

    A model keeps its row when its adapter is replaced by another one of the same name, so bots that answer with it
    answer with the new one from their next question on.

    Args:
        context: The stores.
        actor: Who does it, in which organization.
        state: The server as it runs.
        key: Its key.

    Returns:
        Ids of the models by the names that people call them.

    Raises:
        ConnectionAddressError: The operator does not allow this machine in PIXEL_API_MODEL_HOSTS.
    """
    wanted = {state.model: _Wanted(state.model)}
    # The newest adapter of a name comes last, and is the one that answers.
    newest = {adapter.name: adapter for adapter in state.adapters}
    wanted |= {one.served_name: _Wanted(name, one.content_hash) for name, one in newest.items()}
    async with async_organization_session(context.engine, actor.organization_id) as session:
        connection_id = await _connection(session, actor, state, key, context)
        rows = {row[0].display_name: row[0] for row in await repository.models(session, connection_id=connection_id)}
        found = {}
        for name, one in wanted.items():
            row = rows.pop(one.display_name, None)
            if row is None:
                row = await _created(session, actor, connection_id, name, one, state)
            row.name, row.adapter_hash, row.context_window = name, one.adapter_hash, state.max_model_len
            # Without the parser of the model's family the server refuses to let it choose among tools.
            row.has_tools = _TOOL_ARGUMENT in state.arguments
            await update_model(session, actor, row.id, ModelUpdate(is_enabled=True))
            found[one.display_name] = row.id
        for row in rows.values():
            if row.is_enabled:
                await update_model(session, actor, row.id, ModelUpdate(is_enabled=False))
    return found


async def _connection(
    session: AsyncSession, actor: Actor, state: ServerState, key: str, context: ServingContext
) -> uuid.UUID:
    base_url, secret = f"{state.url}/v1", SecretStr(key)
    row: ModelConnection | None = await session.scalar(
        select(ModelConnection).where(
            ModelConnection.name == CONNECTION_NAME, ModelConnection.provider == ModelProvider.VLLM.value
        )
    )
    if row is None:
        body = ModelConnectionCreate(
            name=CONNECTION_NAME, provider=ModelProvider.VLLM, base_url=base_url, key=secret, limits=LIMITS
        )
        return (await create_connection(session, actor, body, context=context)).id
    update = ModelConnectionUpdate(base_url=base_url, key=secret, is_enabled=True)
    return (await update_connection(session, actor, row.id, update, context=context)).id


async def _created(
    session: AsyncSession, actor: Actor, connection_id: uuid.UUID, name: str, wanted: _Wanted, state: ServerState
) -> OrganizationModel:
    body = ModelCreate(
        connection_id=connection_id,
        name=name,
        display_name=wanted.display_name,
        context_window=state.max_model_len,
        has_structured_output=True,
    )
    made = await create_model(session, actor, body)
    row = await session.get_one(OrganizationModel, made.id)
    return row
