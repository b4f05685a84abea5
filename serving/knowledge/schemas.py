"""Shapes of the knowledge routes."""

import uuid
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from serving.accounts.schemas import Name, Read, Slug, Write

Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]


class KnowledgeBaseCreate(Write):
    """Make a knowledge base."""

    name: Name
    slug: Slug
    description: Annotated[str, StringConstraints(max_length=5000)] | None = None
    tags: list[Tag] = Field(default_factory=list, max_length=50)


class KnowledgeBaseUpdate(Write):
    """Change a knowledge base."""

    name: Name | None = None
    description: Annotated[str, StringConstraints(max_length=5000)] | None = None
    tags: list[Tag] | None = Field(default=None, max_length=50)


class KnowledgeBaseOut(Read):
    """A knowledge base with how many documents stand where."""

    id: uuid.UUID
    name: str
    slug: str
    description: str | None
    tags: list[str]
    created_at: datetime
    documents: int
    ready: int
    failed: int
    waiting: int


class DocumentOut(Read):
    """A document with its newest version's state: what it says now, or why it says nothing."""

    id: uuid.UUID
    knowledge_base_id: uuid.UUID
    name: str
    source_uri: str
    tags: list[str]
    state: str = Field(description="staged, processing, ready, superseded or failed: of the newest version")
    failure_type: str | None
    failure_reason: str | None
    is_searchable: bool = Field(description="whether some version is current")
    version: int
    version_id: uuid.UUID
    media_type: str | None
    byte_size: int
    language: str | None
    title: str | None
    page_count: int | None
    passages: int | None
    created_at: datetime
    updated_at: datetime


class VersionOut(Read):
    """One version of a document."""

    id: uuid.UUID
    number: int
    state: str
    is_current: bool
    failure_type: str | None
    failure_reason: str | None
    media_type: str | None
    byte_size: int
    pipeline_version: str
    language: str | None
    title: str | None
    author: str | None
    page_count: int | None
    missing_pages: dict[str, Any]
    expected_count: int | None
    seconds: float | None
    created_at: datetime
    ready_at: datetime | None
    superseded_at: datetime | None


class UploadOut(Read):
    """What became of an upload."""

    document_id: uuid.UUID
    version_id: uuid.UUID
    state: str = Field(description="staged: a job waits; unchanged: this content is known already")
    ingestion_id: uuid.UUID = Field(description="its progress: /api/v1/ingestions/{ingestion_id}")


class PassageOut(Read):
    """A passage with its neighbours, for a citation that is opened."""

    chunk_id: uuid.UUID
    document_id: uuid.UUID
    document_version_id: uuid.UUID
    document_name: str
    version: int
    is_current: bool
    text: str
    before: str | None
    after: str | None
    heading_path: list[str]
    page_start: int | None
    page_end: int | None
    boxes: list[list[float]] | None
    char_start: int
    char_end: int
