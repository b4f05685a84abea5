"""Sources of an organization. The API only writes a job; a worker reads the source."""

import uuid
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from pydantic import ValidationError
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from serving.accounts.audit import record
from serving.accounts.principal import Actor
from serving.knowledge.errors import KnowledgeBaseNotFoundError
from serving.settings import ServingSettings
from serving.sources import repository
from serving.sources.errors import (
    SourceDisabledError,
    SourceNameTakenError,
    SourceNotFoundError,
    SourceSettingsError,
)
from serving.sources.schemas import SourceCreate, SourceOut, SourceUpdate, SyncOut
from storage.postgres.models.base import JsonObject
from storage.postgres.models.job import Job
from storage.postgres.models.source import SYNC_JOB, Source
from storage.postgres.visibility import reads_everything
from storage.records.source_settings import SETTINGS, BucketSettings, FolderSettings


async def list_sources(session: AsyncSession) -> Sequence[Source]:
    """Sources of the organization, by name."""
    return await repository.sources(session)


async def get_source(session: AsyncSession, source_id: uuid.UUID) -> Source:
    """One source."""
    found = await repository.source(session, source_id)
    if found is None:
        raise SourceNotFoundError
    return found


async def as_shown(session: AsyncSession, rows: Sequence[Source]) -> list[SourceOut]:
    """Sources for whoever asks. What a run could not read names documents: it is left out where some are hidden."""
    shown = [SourceOut.model_validate(row) for row in rows]
    if not reads_everything() and await repository.hides_documents(session):
        for one in shown:
            if one.last_result is not None:
                one.last_result = {name: value for name, value in one.last_result.items() if name != "problems"}
    return shown


async def create_source(
    session: AsyncSession, actor: Actor, body: SourceCreate, *, serving: ServingSettings | None
) -> Source:
    """Add a source.

    Args:
        session: A session of the organization.
        actor: Who adds it.
        body: What and where it is.
        serving: Says which places of the installation may be read; None for the operator, who may read all.

    Raises:
        KnowledgeBaseNotFoundError: Unknown here.
        SourceSettingsError: They do not fit the kind, or name a place that may not be read.
        SourceNameTakenError: The name is in use.
    """
    if not await repository.has_knowledge_base(session, body.knowledge_base_id):
        raise KnowledgeBaseNotFoundError
    row = Source(
        organization_id=actor.organization_id,
        created_by=actor.user_id,
        knowledge_base_id=body.knowledge_base_id,
        name=body.name,
        kind=body.kind.value,
        settings=_checked(body.kind.value, body.settings, serving),
    )
    session.add(row)
    await _flush(session, body.name)
    record(session, actor, "source.created", subject_type="source", subject_id=row.id, details={"kind": row.kind})
    await session.refresh(row)
    return row


async def update_source(
    session: AsyncSession, actor: Actor, source_id: uuid.UUID, body: SourceUpdate, *, serving: ServingSettings | None
) -> Source:
    """Change a source."""
    row = await get_source(session, source_id)
    if body.settings is not None:
        row.settings = _checked(row.kind, body.settings, serving)
    row.name = body.name if body.name is not None else row.name
    row.is_enabled = body.is_enabled if body.is_enabled is not None else row.is_enabled
    await _flush(session, row.name)
    details = {"fields": sorted(body.model_fields_set)}
    record(session, actor, "source.updated", subject_type="source", subject_id=row.id, details=details)
    await session.refresh(row)
    return row


async def delete_source(session: AsyncSession, actor: Actor, source_id: uuid.UUID) -> None:
    """Remove a source; the documents that came from it stay."""
    row = await get_source(session, source_id)
    await session.delete(row)
    record(session, actor, "source.deleted", subject_type="source", subject_id=source_id)


async def request_sync(session: AsyncSession, actor: Actor, source_id: uuid.UUID) -> SyncOut:
    """Ask a worker to read a source; one that is asked already is not asked twice."""
    row = await get_source(session, source_id)
    if not row.is_enabled:
        raise SourceDisabledError("Switch it on first (`is_enabled`).")
    job = await repository.waiting_job(session, source_id)
    if job is None:
        job = Job(organization_id=actor.organization_id, kind=SYNC_JOB, subject_id=source_id)
        session.add(job)
        await session.flush()
        record(session, actor, "source.sync_requested", subject_type="source", subject_id=source_id)
    return SyncOut(job_id=job.id, state=job.state)


async def _flush(session: AsyncSession, name: str) -> None:
    try:
        await session.flush()
    except IntegrityError as error:
        raise SourceNameTakenError(f"Another source is called {name!r}; choose another name") from error


def _checked(kind: str, settings: dict[str, Any], serving: ServingSettings | None) -> JsonObject:
    try:
        read = SETTINGS[kind].model_validate(settings)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "settings"
        raise SourceSettingsError(f"{place}: {first['msg']} (a source of kind {kind})") from error
    # The worker reads folders and buckets with the rights of the installation, not of whoever asks.
    if serving is not None and isinstance(read, FolderSettings | BucketSettings):
        place = read.path if isinstance(read, FolderSettings) else read.url
        if not any(_is_inside(place, allowed) for allowed in serving.source_place_list):
            raise SourceSettingsError(
                "The operator has not allowed this place; it must be inside one of PIXEL_API_SOURCE_PLACES, "
                "or the operator adds the source with `pixel source add`."
            )
    return read.model_dump(mode="json")


def _is_inside(place: str, allowed: str) -> bool:
    parts, root = PurePosixPath(place).parts, PurePosixPath(allowed).parts
    return ".." not in parts and parts[: len(root)] == root
