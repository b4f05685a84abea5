"""Index versions: estimate, ask for builds and gates, promote, go back, drop."""

import uuid
from collections.abc import Callable, Sequence
from typing import TypeVar

from anyio import to_thread
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from ingestion import errors
from ingestion.embedding.registry import embedder_of
from ingestion.index_builds import promotion
from ingestion.index_builds.build import create_index_version
from ingestion.index_builds.estimate import IndexEstimate, estimate
from ingestion.index_builds.gate_record import GateRecord, kept_record
from ingestion.index_builds.jobs import request_job
from ingestion.index_builds.promotion import Author, Flipped
from ingestion.index_builds.prune import discard
from ingestion.index_builds.request import BuildRequest
from serving.accounts.audit import record
from serving.accounts.principal import Actor
from serving.context import ServingContext
from serving.index_versions import repository
from serving.index_versions.errors import (
    BuildRequestError,
    GatesNotPassedError,
    IndexNotReadyError,
    IndexVersionConflictError,
    IndexVersionNotFoundError,
)
from serving.index_versions.schemas import IndexVersionCreate, IndexVersionOut, JobOut
from storage.errors import StorageError
from storage.postgres.models.index_version import BUILD_JOB, GATE_JOB, IndexStatus, IndexVersion
from storage.postgres.session import async_organization_session
from storage.postgres.visibility import reading_as, reads_everything

Result = TypeVar("Result")

_CAN_BE_BUILT = (IndexStatus.BUILDING, IndexStatus.FAILED)


async def list_index_versions(session: AsyncSession) -> Sequence[IndexVersion]:
    """All index versions, newest first."""
    return await repository.index_versions(session)


async def get_index_version(session: AsyncSession, index_version_id: uuid.UUID) -> IndexVersion:
    """One index version."""
    found = await repository.index_version(session, index_version_id)
    if found is None:
        raise IndexVersionNotFoundError
    return found


async def as_shown(session: AsyncSession, rows: Sequence[IndexVersion]) -> list[IndexVersionOut]:
    """Index versions for whoever asks: problems of documents that they may not read are left out."""
    shown = [IndexVersionOut.model_validate(row) for row in rows]
    if reads_everything():
        return shown
    told = {uuid.UUID(key) for one in shown for key in one.progress.get("problems", {})}
    visible = await repository.visible_versions(session, told) if told else set()
    for one in shown:
        problems = one.progress.get("problems", {})
        kept = {key: reason for key, reason in problems.items() if uuid.UUID(key) in visible}
        one.progress = {**one.progress, **({"problems": kept} if problems else {})}
    return shown


async def get_gates(session: AsyncSession, index_version_id: uuid.UUID) -> GateRecord:
    """What the gates last said.

    Raises:
        IndexVersionConflictError: They did not look yet.
    """
    record = kept_record(await get_index_version(session, index_version_id))
    if record is None:
        raise IndexVersionConflictError("The gates did not look at this index version yet; ask for them with POST.")
    return record


async def estimate_build(context: ServingContext, actor: Actor, body: IndexVersionCreate) -> IndexEstimate:
    """What a build will take; the model is tried on a few passages."""
    request = BuildRequest(**body.model_dump())
    return await _told(lambda: estimate(context.stores, actor.organization_id, request))


async def request_build(context: ServingContext, actor: Actor, body: IndexVersionCreate) -> IndexVersion:
    """Write down an index version, and ask a worker to build it and to run its gates."""
    request = BuildRequest(**body.model_dump())

    def create() -> IndexVersion:
        expected = estimate(context.stores, actor.organization_id, request)
        return create_index_version(
            context.stores,
            actor.organization_id,
            request,
            created_by=actor.user_id,
            estimate=expected.model_dump(mode="json"),
        )

    row = await _told(create)
    async with async_organization_session(context.engine, actor.organization_id) as session:
        await session.run_sync(request_job, actor.organization_id, BUILD_JOB, row.id)
        details = {"number": row.number, "model": row.embedding_model, "chunker": row.chunker}
        record(
            session, actor, "index.build_requested", subject_type="index_version", subject_id=row.id, details=details
        )
    return row


async def resume_build(session: AsyncSession, actor: Actor, index_version_id: uuid.UUID) -> JobOut:
    """Ask a worker to go on with a build that stopped."""
    row = await get_index_version(session, index_version_id)
    if row.status not in _CAN_BE_BUILT or row.dropped_at is not None:
        raise IndexVersionConflictError(f"It is {row.status}; only one that is building or failed can be built.")
    return await _ask(session, actor, row, kind=BUILD_JOB, action="index.build_requested")


async def request_gates(session: AsyncSession, actor: Actor, index_version_id: uuid.UUID) -> JobOut:
    """Ask a worker to run the gates on a candidate."""
    row = await get_index_version(session, index_version_id)
    if row.status != IndexStatus.CANDIDATE:
        raise IndexVersionConflictError(f"It is {row.status}; gates look at candidates.")
    return await _ask(session, actor, row, kind=GATE_JOB, action="index.gates_requested")


async def promote(context: ServingContext, actor: Actor, index_version_id: uuid.UUID) -> Flipped:
    """Make a candidate live. Its model is loaded first, so that no question waits for it afterwards.

    Raises:
        GatesNotPassedError: A gate has not passed on what it contains now.
        IndexVersionConflictError: It is no candidate.
    """
    async with async_organization_session(context.engine, actor.organization_id) as session:
        row = await get_index_version(session, index_version_id)

    def act() -> Flipped:
        embedder_of(row).embed_queries(["warm up"])
        return promotion.promote(context.stores, actor.organization_id, index_version_id, author=_author(actor))

    return await _told(act)


async def rollback(context: ServingContext, actor: Actor) -> Flipped:
    """Go back to the index version that was live before."""
    return await _told(lambda: promotion.rollback(context.stores, actor.organization_id, author=_author(actor)))


async def drop(context: ServingContext, actor: Actor, index_version_id: uuid.UUID) -> None:
    """Drop a candidate that is not wanted, a build that failed, or a version that was live before."""
    await _told(lambda: discard(context.stores, actor.organization_id, index_version_id))
    async with async_organization_session(context.engine, actor.organization_id) as session:
        record(session, actor, "index.dropped", subject_type="index_version", subject_id=index_version_id)


async def _ask(session: AsyncSession, actor: Actor, row: IndexVersion, *, kind: str, action: str) -> JobOut:
    job = await session.run_sync(request_job, actor.organization_id, kind, row.id)
    record(session, actor, action, subject_type="index_version", subject_id=row.id, details={"number": row.number})
    return JobOut(job_id=job.id, state=job.state)


async def _told(act: Callable[[], Result]) -> Result:
    """Do something in a thread, and tell what goes wrong as the API does.

    An index version holds the documents of the whole organization, whoever asks for it: what is counted, added and removed
    here must be all of them. Only figures come back.
    """
    try:
        with reading_as(None):
            return await to_thread.run_sync(act)
    except errors.UnknownIndexVersionError as error:
        raise IndexVersionNotFoundError from error
    except errors.GatesNotPassedError as error:
        raise GatesNotPassedError(str(error), gates=list(error.gates)) from error
    except errors.IndexVersionError as error:
        raise IndexVersionConflictError(str(error)) from error
    except errors.IngestionError as error:
        raise BuildRequestError(str(error)) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise BuildRequestError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    except StorageError as error:
        raise IndexNotReadyError(str(error)) from error


def _author(actor: Actor) -> Author:
    return Author(user_id=actor.user_id, api_key_id=actor.api_key_id)
