"""Routes of index versions."""

import uuid
from typing import Any

from fastapi import APIRouter

from ingestion.index_builds.estimate import IndexEstimate
from ingestion.index_builds.gate_record import GateRecord
from serving.dependencies import Context, Database, KnowledgeReader, KnowledgeWriter
from serving.index_versions import service
from serving.index_versions.schemas import FlippedOut, IndexVersionCreate, IndexVersionOut, JobOut

router = APIRouter(prefix="/api/v1/index-versions", tags=["index versions"])


@router.get("")
async def list_index_versions(actor: KnowledgeReader, session: Database) -> list[IndexVersionOut]:
    """Index versions, newest first, with progress and what the gates said."""
    return await service.as_shown(session, await service.list_index_versions(session))


@router.post("", status_code=202, response_model=IndexVersionOut)
async def request_build(actor: KnowledgeWriter, body: IndexVersionCreate, context: Context) -> Any:
    """Ask for an index version. A worker builds it beside the live one and runs its gates."""
    return await service.request_build(context, actor, body)


@router.post("/estimate")
async def estimate_build(actor: KnowledgeWriter, body: IndexVersionCreate, context: Context) -> IndexEstimate:
    """What a build will take; nothing is written."""
    return await service.estimate_build(context, actor, body)


@router.post("/rollback", response_model=FlippedOut)
async def roll_back(actor: KnowledgeWriter, context: Context) -> Any:
    """Go back to the index version that was live before; no question fails meanwhile."""
    return await service.rollback(context, actor)


@router.get("/{index_version_id}")
async def read_index_version(actor: KnowledgeReader, index_version_id: uuid.UUID, session: Database) -> IndexVersionOut:
    """One index version."""
    return (await service.as_shown(session, [await service.get_index_version(session, index_version_id)]))[0]


@router.delete("/{index_version_id}", status_code=204)
async def drop_index_version(actor: KnowledgeWriter, index_version_id: uuid.UUID, context: Context) -> None:
    """Drop one that is neither live nor being built."""
    await service.drop(context, actor, index_version_id)


@router.post("/{index_version_id}/build", status_code=202)
async def resume_build(actor: KnowledgeWriter, index_version_id: uuid.UUID, session: Database) -> JobOut:
    """Go on with a build that stopped; what is done is not done again."""
    return await service.resume_build(session, actor, index_version_id)


@router.get("/{index_version_id}/gates")
async def read_gates(actor: KnowledgeReader, index_version_id: uuid.UUID, session: Database) -> GateRecord:
    """What the gates last said: measured, threshold, and a sentence each."""
    return await service.get_gates(session, index_version_id)


@router.post("/{index_version_id}/gates", status_code=202)
async def request_gates(actor: KnowledgeWriter, index_version_id: uuid.UUID, session: Database) -> JobOut:
    """Ask a worker to run the gates on a candidate."""
    return await service.request_gates(session, actor, index_version_id)


@router.post("/{index_version_id}/promote", response_model=FlippedOut)
async def promote_index_version(actor: KnowledgeWriter, index_version_id: uuid.UUID, context: Context) -> Any:
    """Make a candidate live that has passed its gates; no question fails meanwhile."""
    return await service.promote(context, actor, index_version_id)
