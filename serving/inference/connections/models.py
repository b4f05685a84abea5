"""The models of an organization."""

import uuid
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts.audit import record
from serving.accounts.principal import Actor
from serving.inference.connections import repository
from serving.inference.connections.errors import (
    EvalRunNotFoundError,
    ModelInUseError,
    ModelTakenError,
    OrganizationModelNotFoundError,
)
from serving.inference.connections.repository import ModelRow
from serving.inference.connections.schemas import ModelCreate, ModelHealthOut, ModelOut, ModelUpdate
from serving.inference.connections.service import get_connection
from serving.inference.parameters import accepted_parameters
from serving.inference.routing.health import HealthBook
from serving.inference.routing.route import BreakerKey
from storage.postgres.models.model_connection import ModelConnection, ModelProvider
from storage.postgres.models.organization_model import OrganizationModel

_OWN_FIELDS = tuple(name for name in ModelOut.model_fields if name not in ("connection_name", "provider", "parameters"))


def as_shown(model: OrganizationModel, connection: ModelConnection) -> ModelOut:
    """A model with what is worth knowing of its connection."""
    provider = ModelProvider(connection.provider)
    return ModelOut(
        **{name: getattr(model, name) for name in _OWN_FIELDS},
        connection_name=connection.name,
        provider=provider,
        parameters=sorted(accepted_parameters(provider, has_sampling=model.has_sampling)),
    )


async def list_models(session: AsyncSession, *, connection_id: uuid.UUID | None = None) -> list[ModelOut]:
    """Models of the organization, by name."""
    return [as_shown(*row) for row in await repository.models(session, connection_id=connection_id)]


async def get_model(session: AsyncSession, model_id: uuid.UUID) -> ModelRow:
    """One model with its connection."""
    found = (await repository.models_by_id(session, [model_id])).get(model_id)
    if found is None:
        raise OrganizationModelNotFoundError
    return found


async def create_model(session: AsyncSession, actor: Actor, body: ModelCreate) -> ModelOut:
    """Add a model of a connection.

    Raises:
        ConnectionNotFoundError: No such connection.
        EvalRunNotFoundError: The score's evaluation is not here.
        ModelTakenError: The connection has it already.
    """
    connection = await get_connection(session, body.connection_id)
    connection_name = connection.name
    values = body.model_dump()
    await _check_eval_run(session, values)
    row = OrganizationModel(
        organization_id=actor.organization_id, **{**values, "display_name": body.display_name or body.name}
    )
    session.add(row)
    try:
        await session.flush()
    except IntegrityError as error:
        raise ModelTakenError(f"{connection_name} has the model {body.name!r} already") from error
    record(session, actor, "model.created", subject_type="model", subject_id=row.id, details={"name": row.name})
    await session.refresh(row)
    return as_shown(row, connection)


async def update_model(session: AsyncSession, actor: Actor, model_id: uuid.UUID, body: ModelUpdate) -> ModelOut:
    """Change a model; what the request names as null is forgotten, where it may be."""
    row, connection = await get_model(session, model_id)
    values = body.model_dump(exclude_unset=True)
    for name in ("display_name", "has_tools", "has_structured_output", "has_sampling", "is_enabled"):
        if values.get(name, ...) is None:
            del values[name]
    await _check_eval_run(session, values)
    if "quality_score" in values and "quality_eval_run_id" not in values:
        values["quality_eval_run_id"] = None  # a score that was typed in is not the evaluation's any more
    for name, value in values.items():
        setattr(row, name, value)
    await session.flush()
    details = {"fields": sorted(body.model_fields_set)}
    record(session, actor, "model.updated", subject_type="model", subject_id=row.id, details=details)
    await session.refresh(row)
    return as_shown(row, connection)


async def delete_model(session: AsyncSession, actor: Actor, model_id: uuid.UUID) -> None:
    """Remove a model.

    Raises:
        ModelInUseError: Bots answer with it.
    """
    row, _ = await get_model(session, model_id)
    if bots := await repository.bots_with(session, [model_id]):
        raise ModelInUseError(f"These bots answer with this model: {', '.join(bots)}. Change them first.")
    await session.delete(row)
    record(session, actor, "model.deleted", subject_type="model", subject_id=model_id, details={"name": row.name})


async def models_health(session: AsyncSession, health: HealthBook) -> list[ModelHealthOut]:
    """How the organization's models do, as this process sees them."""
    known = {line.key: line for line in health.lines()}
    shown = []
    for model, connection in await repository.models(session):
        line = known.get(BreakerKey(connection.provider, model.name, connection.id, connection.key_fingerprint))
        if line is not None:
            shown.append(
                ModelHealthOut(
                    model_id=model.id,
                    connection_id=connection.id,
                    provider=ModelProvider(connection.provider),
                    name=model.name,
                    breaker=line.state,
                    retry_in_s=round(line.wait_s, 3),
                    last_error=line.last_error,
                    first_token_ms=None if line.first_token_ms is None else round(line.first_token_ms, 1),
                    calls=line.calls,
                    failures=line.failures,
                )
            )
    return shown


async def _check_eval_run(session: AsyncSession, values: dict[str, Any]) -> None:
    eval_run_id = values.get("quality_eval_run_id")
    if eval_run_id is not None and not await repository.has_eval_run(session, eval_run_id):
        raise EvalRunNotFoundError(f"No evaluation run {eval_run_id}; run `pixel eval run` first")
