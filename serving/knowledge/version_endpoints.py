"""Routes of a document's versions."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Query

from serving.dependencies import Context, Database, KnowledgeReader, KnowledgeWriter
from serving.knowledge import versions
from serving.knowledge.schemas import DiffOut, VersionDecided, VersionOut

router = APIRouter(prefix="/api/v1/documents/{document_id}", tags=["knowledge"])

VersionReference = Annotated[str | None, Query(max_length=40, description="number or id")]


@router.get("/versions")
async def list_versions(actor: KnowledgeReader, document_id: uuid.UUID, session: Database) -> list[VersionOut]:
    """Versions of a document, newest first."""
    return await versions.list_versions(session, actor, document_id)


@router.get("/diff")
async def read_diff(
    actor: KnowledgeReader,
    document_id: uuid.UUID,
    session: Database,
    from_version: VersionReference = None,
    to_version: VersionReference = None,
) -> DiffOut:
    """What two versions say differently: the current one and the one before, unless told otherwise."""
    return await versions.diff(session, document_id, from_version=from_version, to_version=to_version)


@router.post("/versions/{version_id}/make-current", status_code=202)
async def make_current(
    actor: KnowledgeWriter, document_id: uuid.UUID, version_id: uuid.UUID, context: Context
) -> VersionDecided:
    """Go back to a version, or accept one that is held. The current one stays until this one is searchable."""
    return await versions.decide(context, actor, document_id, version_id, action="make-current")


@router.post("/versions/{version_id}/discard")
async def discard_version(
    actor: KnowledgeWriter, document_id: uuid.UUID, version_id: uuid.UUID, context: Context
) -> VersionDecided:
    """Decide against a version that is held; the current one stays."""
    return await versions.decide(context, actor, document_id, version_id, action="discard")


@router.post("/versions/{version_id}/cancel")
async def cancel_version(
    actor: KnowledgeWriter, document_id: uuid.UUID, version_id: uuid.UUID, context: Context
) -> VersionDecided:
    """Stop reading a version; the current one stays."""
    return await versions.decide(context, actor, document_id, version_id, action="cancel")


@router.post("/versions/{version_id}/resume", status_code=202)
async def resume_version(
    actor: KnowledgeWriter, document_id: uuid.UUID, version_id: uuid.UUID, context: Context
) -> VersionDecided:
    """Read a version that was cancelled after all."""
    return await versions.decide(context, actor, document_id, version_id, action="resume")
