"""Shapes of the index version routes; what a build will take is `ingestion.index_builds.estimate.IndexEstimate`."""

import uuid
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from ingestion.index_builds.gate_record import GateRecord
from serving.accounts.schemas import Read, Write
from storage.postgres.models.index_version import IndexStatus

# A name, never a path: which folders of the server a request may look into is the operator's to say.
ModelName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,99}$")]


class IndexVersionCreate(Write):
    """What to change against the live index; what is left out stays as it is there."""

    model: ModelName | None = Field(
        default=None, description="all-MiniLM-L6-v2, or a folder in PIXEL_EMBEDDING_MODELS of the server"
    )
    chunker: Annotated[str, StringConstraints(pattern=r"^[a-z]{1,30}$")] | None = None
    chunk_tokens: int | None = Field(default=None, ge=16, le=250)
    chunk_overlap_tokens: int | None = Field(default=None, ge=0, le=100)


class IndexVersionOut(Read):
    """An index version: what it is made with, how far its build is, and what its gates said."""

    id: uuid.UUID
    number: int
    status: IndexStatus
    embedding_model: str
    dimension: int
    chunker: str
    settings: dict[str, Any]
    estimate: dict[str, Any] | None
    progress: dict[str, Any]
    gates: GateRecord | None
    error: str | None
    created_by: uuid.UUID | None
    created_at: datetime
    built_at: datetime | None
    promoted_at: datetime | None
    retired_at: datetime | None
    dropped_at: datetime | None


class JobOut(Read):
    """The job that a worker runs."""

    job_id: uuid.UUID
    state: str = Field(description="queued or leased")


class FlippedOut(Read):
    """Which index version is live now, and which was before."""

    live_id: uuid.UUID
    live_number: int
    before_id: uuid.UUID | None
    before_number: int | None
    lock_seconds: float
