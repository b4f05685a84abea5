"""Model connections: what is stored of them, and whether they answer."""

import hashlib
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import SecretStr
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts.audit import record
from serving.accounts.principal import Actor
from serving.context import ServingContext
from serving.inference.connections import repository
from serving.inference.connections.errors import (
    ConnectionKeyError,
    ConnectionNameTakenError,
    ConnectionNotFoundError,
    ModelInUseError,
)
from serving.inference.connections.hosts import ModelHosts, checked_base_url, origin
from serving.inference.connections.schemas import (
    ConnectionCheckOut,
    ModelConnectionCreate,
    ModelConnectionOut,
    ModelConnectionUpdate,
)
from serving.inference.errors import ProviderError
from serving.inference.providers.limits import CallLimits
from storage.errors import SecretError
from storage.postgres.models.model_connection import ModelConnection, ModelProvider
from storage.postgres.session import async_organization_session
from storage.secrets.envelope import Place

_TABLE = ModelConnection.__tablename__


def as_shown(row: ModelConnection) -> ModelConnectionOut:
    """A connection without its key."""
    return ModelConnectionOut(
        id=row.id,
        name=row.name,
        provider=ModelProvider(row.provider),
        base_url=row.base_url,
        has_key=row.sealed_key is not None,
        limits=CallLimits.model_validate(row.limits),
        is_enabled=row.is_enabled,
        last_checked_at=row.last_checked_at,
        last_error=row.last_error,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def place_of(row: ModelConnection) -> Place:
    """Where the key of a connection is kept."""
    return Place(row.organization_id, _TABLE, "sealed_key", row.id)


async def list_connections(session: AsyncSession) -> list[ModelConnectionOut]:
    """Connections of the organization, by name."""
    return [as_shown(row) for row in await repository.connections(session)]


async def get_connection(
    session: AsyncSession, connection_id: uuid.UUID, *, for_update: bool = False
) -> ModelConnection:
    """One connection."""
    row = await repository.connection(session, connection_id, for_update=for_update)
    if row is None:
        raise ConnectionNotFoundError
    return row


async def create_connection(
    session: AsyncSession, actor: Actor, body: ModelConnectionCreate, *, context: ServingContext
) -> ModelConnectionOut:
    """Add a connection. Nothing is called before it is checked or used.

    Raises:
        ConnectionAddressError: Its address may not be called.
        ConnectionNameTakenError: The name is in use.
    """
    base_url, _ = checked_base_url(body.provider, body.base_url, ModelHosts(context.settings.model_hosts))
    row = ModelConnection(
        id=uuid.uuid4(),
        organization_id=actor.organization_id,
        created_by=actor.user_id,
        name=body.name,
        provider=body.provider.value,
        base_url=base_url,
        limits=body.limits.model_dump(exclude_defaults=True),
        is_enabled=body.is_enabled,
    )
    if body.key is not None:
        await _set_key(session, row, body.key, context)
    session.add(row)
    await _flush(session, body.name)
    record(
        session,
        actor,
        "model_connection.created",
        subject_type="model_connection",
        subject_id=row.id,
        details={"provider": row.provider, "has_key": row.sealed_key is not None},
    )
    await session.refresh(row)
    return as_shown(row)


async def update_connection(
    session: AsyncSession,
    actor: Actor,
    connection_id: uuid.UUID,
    body: ModelConnectionUpdate,
    *,
    context: ServingContext,
) -> ModelConnectionOut:
    """Change a connection. A key is for one host: with another scheme, host or port it is taken away."""
    row = await get_connection(session, connection_id, for_update=True)
    if body.base_url is not None:
        hosts = ModelHosts(context.settings.model_hosts)
        base_url, _ = checked_base_url(ModelProvider(row.provider), body.base_url, hosts)
        if origin(base_url) != origin(row.base_url):
            _clear_key(row)
        row.base_url = base_url
    if "key" in body.model_fields_set:
        if body.key is None:
            _clear_key(row)
        else:
            await _set_key(session, row, body.key, context)
    row.name = body.name if body.name is not None else row.name
    row.is_enabled = body.is_enabled if body.is_enabled is not None else row.is_enabled
    if body.limits is not None:
        row.limits = body.limits.model_dump(exclude_defaults=True)
    await _flush(session, row.name)
    # What failed with the old address, key or limits says nothing about the new ones.
    context.router.health.forget(connection_id)
    details = {"fields": sorted(body.model_fields_set), "has_key": row.sealed_key is not None}
    record(
        session, actor, "model_connection.updated", subject_type="model_connection", subject_id=row.id, details=details
    )
    await session.refresh(row)
    return as_shown(row)


async def delete_connection(
    session: AsyncSession, actor: Actor, connection_id: uuid.UUID, *, context: ServingContext
) -> None:
    """Remove a connection with its models and its key.

    Raises:
        ModelInUseError: Bots answer with one of its models.
    """
    row = await get_connection(session, connection_id, for_update=True)
    models = [model.id for model, _ in await repository.models(session, connection_id=connection_id)]
    if bots := await repository.bots_with(session, models):
        raise ModelInUseError(
            f"These bots answer with models of this connection: {', '.join(bots)}. Change them first."
        )
    await session.delete(row)
    context.connections.forget(connection_id)
    context.router.health.forget(connection_id)
    record(session, actor, "model_connection.deleted", subject_type="model_connection", subject_id=connection_id)


async def check_connection(context: ServingContext, actor: Actor, connection_id: uuid.UUID) -> ConnectionCheckOut:
    """Ask the provider for its models. No database connection is held meanwhile."""
    async with async_organization_session(context.engine, actor.organization_id) as session:
        row = await get_connection(session, connection_id)
        try:
            provider = await context.connections.provider(session, row)
        except SecretError as error:
            raise ConnectionKeyError(str(error)) from error
    started = time.perf_counter()
    failure: ProviderError | None = None
    names: Sequence[str] = ()
    try:
        names = await provider.models()
    except ProviderError as error:
        failure = error
    async with async_organization_session(context.engine, actor.organization_id) as session:
        stored = await repository.connection(session, connection_id, for_update=True)
        if stored is not None:
            stored.last_checked_at = datetime.now(UTC)
            stored.last_error = str(failure) if failure else None
            record(
                session,
                actor,
                "model_connection.checked",
                subject_type="model_connection",
                subject_id=connection_id,
                details={"outcome": failure.kind.value if failure else "ok"},
            )
    return ConnectionCheckOut(
        is_ok=failure is None,
        error_kind=failure.kind if failure else None,
        message=str(failure) if failure else f"It answers and offers {len(names)} models",
        models=list(names),
        ms=round((time.perf_counter() - started) * 1000, 1),
    )


async def _set_key(session: AsyncSession, row: ModelConnection, key: SecretStr, context: ServingContext) -> None:
    secret = key.get_secret_value()
    row.sealed_key = await context.vault.seal(session, place_of(row), secret)
    # Bound to the row, so that equal keys of two organizations do not look equal.
    row.key_fingerprint = hashlib.sha256(f"{row.id}|{secret}".encode()).hexdigest()[:12]


def _clear_key(row: ModelConnection) -> None:
    row.sealed_key = row.key_fingerprint = None


async def _flush(session: AsyncSession, name: str) -> None:
    try:
        await session.flush()
    except IntegrityError as error:
        raise ConnectionNameTakenError(f"Another model connection is called {name!r}; choose another name") from error
