"""Routes of model connections and models."""

import uuid

from fastapi import APIRouter

from serving.dependencies import BotWriter, Context, Database, Owner
from serving.inference.connections import models, service
from serving.inference.connections.schemas import (
    ConnectionCheckOut,
    ModelConnectionCreate,
    ModelConnectionOut,
    ModelConnectionUpdate,
    ModelCreate,
    ModelHealthOut,
    ModelOut,
    ModelUpdate,
)

router = APIRouter(prefix="/api/v1", tags=["models"])


@router.get("/model-connections")
async def list_connections(actor: Owner, session: Database) -> list[ModelConnectionOut]:
    """Where models answer. Keys are not told."""
    return await service.list_connections(session)


@router.post("/model-connections", status_code=201)
async def create_connection(
    actor: Owner, body: ModelConnectionCreate, session: Database, context: Context
) -> ModelConnectionOut:
    """Add a connection."""
    return await service.create_connection(session, actor, body, context=context)


@router.get("/model-connections/{connection_id}")
async def read_connection(actor: Owner, connection_id: uuid.UUID, session: Database) -> ModelConnectionOut:
    """One connection."""
    return service.as_shown(await service.get_connection(session, connection_id))


@router.patch("/model-connections/{connection_id}")
async def update_connection(
    actor: Owner, connection_id: uuid.UUID, body: ModelConnectionUpdate, session: Database, context: Context
) -> ModelConnectionOut:
    """Change a connection; another host takes its key away."""
    return await service.update_connection(session, actor, connection_id, body, context=context)


@router.delete("/model-connections/{connection_id}", status_code=204)
async def delete_connection(actor: Owner, connection_id: uuid.UUID, session: Database, context: Context) -> None:
    """Remove a connection with its models and its key."""
    await service.delete_connection(session, actor, connection_id, context=context)


@router.post("/model-connections/{connection_id}/check")
async def check_connection(actor: Owner, connection_id: uuid.UUID, context: Context) -> ConnectionCheckOut:
    """Ask the provider for its models: does it answer, does it take the key?"""
    return await service.check_connection(context, actor, connection_id)


@router.get("/models")
async def list_models(actor: BotWriter, session: Database, connection_id: uuid.UUID | None = None) -> list[ModelOut]:
    """Models that bots can answer with."""
    return await models.list_models(session, connection_id=connection_id)


@router.post("/models", status_code=201)
async def create_model(actor: Owner, body: ModelCreate, session: Database) -> ModelOut:
    """Add a model of a connection."""
    return await models.create_model(session, actor, body)


@router.get("/models/health")
async def read_models_health(actor: BotWriter, session: Database, context: Context) -> list[ModelHealthOut]:
    """Breakers, failures and speed of the models that this process has called."""
    return await models.models_health(session, context.router.health)


@router.get("/models/{model_id}")
async def read_model(actor: BotWriter, model_id: uuid.UUID, session: Database) -> ModelOut:
    """One model."""
    return models.as_shown(*await models.get_model(session, model_id))


@router.patch("/models/{model_id}")
async def update_model(actor: Owner, model_id: uuid.UUID, body: ModelUpdate, session: Database) -> ModelOut:
    """Change a model."""
    return await models.update_model(session, actor, model_id, body)


@router.delete("/models/{model_id}", status_code=204)
async def delete_model(actor: Owner, model_id: uuid.UUID, session: Database) -> None:
    """Remove a model that no bot answers with."""
    await models.delete_model(session, actor, model_id)
