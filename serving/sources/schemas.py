"""Shapes of the sources routes."""

import uuid
from datetime import datetime
from typing import Any

from pydantic import Field

from serving.accounts.schemas import Name, Read, Write
from storage.postgres.models.source import SourceKind


class SourceCreate(Write):
    """Add a source."""

    knowledge_base_id: uuid.UUID
    name: Name
    kind: SourceKind
    settings: dict[str, Any] = Field(description="folder: path; urls: urls; sitemap: url; bucket: url")


class SourceUpdate(Write):
    """Change a source."""

    name: Name | None = None
    settings: dict[str, Any] | None = None
    is_enabled: bool | None = None


class SourceOut(Read):
    """A source with what its last run found."""

    id: uuid.UUID
    knowledge_base_id: uuid.UUID
    name: str
    kind: SourceKind
    settings: dict[str, Any]
    is_enabled: bool
    last_run_at: datetime | None
    last_result: dict[str, Any] | None
    created_at: datetime
    updated_at: datetime


class SyncOut(Read):
    """The job that reads the source."""

    job_id: uuid.UUID
    state: str = Field(description="queued or leased")
