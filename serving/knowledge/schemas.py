"""Shapes of the knowledge routes."""

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints

from serving.accounts.schemas import Name, Read, Slug, Write
from serving.retrieval.settings import RetrievalOverrides

Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]


class KnowledgeBaseCreate(Write):
    """Make a knowledge base."""

    name: Name
    slug: Slug
    description: Annotated[str, StringConstraints(max_length=5000)] | None = None
    tags: list[Tag] = Field(default_factory=list, max_length=50)
    retrieval: RetrievalOverrides | None = Field(default=None, description="how passages are found here")


class KnowledgeBaseUpdate(Write):
    """Change a knowledge base."""

    name: Name | None = None
    description: Annotated[str, StringConstraints(max_length=5000)] | None = None
    tags: list[Tag] | None = Field(default=None, max_length=50)
    retrieval: RetrievalOverrides | None = Field(
        default=None, description="instead of what was said before; null goes back to the defaults"
    )


class KnowledgeBaseOut(Read):
    """A knowledge base with how many documents stand where."""

    id: uuid.UUID
    name: str
    slug: str
    description: str | None
    tags: list[str]
    retrieval: RetrievalOverrides | None = Field(description="what it says about finding passages, if anything")
    created_at: datetime
    archived_at: datetime | None
    documents: int
    ready: int
    failed: int
    waiting: int


OWN_FIELDS = "source_"  # metadata of the product's own begins with this
MetadataKey = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Scalar = Annotated[str, StringConstraints(max_length=2000)] | bool | int | Annotated[float, Field(allow_inf_nan=False)]
MetadataValue = Scalar | Annotated[list[Scalar], Field(max_length=50)]
Metadata = Annotated[dict[MetadataKey, MetadataValue], Field(max_length=50)]


class DocumentUpdate(Write):
    """Change what people say about a document; its content stays.

    Metadata is merged: a field that is given is set, one that is given as null is removed, others stay.
    """

    tags: list[Tag] | None = Field(default=None, max_length=50)
    custom_metadata: Annotated[dict[MetadataKey, MetadataValue | None], Field(max_length=50)] | None = None
    group_ids: list[uuid.UUID] | None = Field(
        default=None,
        max_length=100,
        description="groups whose members may read it; null: everybody in the organization; an empty list: owners alone",
    )


def _given(stored: dict[str, Any]) -> dict[str, Any]:
    """What people gave; fields of the product's own stay inside, some of them name places on this machine."""
    return {name: value for name, value in stored.items() if not name.startswith(OWN_FIELDS)}


class DocumentOut(Read):
    """A document with its newest version's state: what it says now, or why it says nothing."""

    id: uuid.UUID
    knowledge_base_id: uuid.UUID
    name: str
    source_uri: str
    tags: list[str]
    custom_metadata: Annotated[dict[str, Any], AfterValidator(_given)]
    group_ids: list[uuid.UUID] | None = Field(description="groups that may read it; null: everybody")
    state: str = Field(
        description="staged, processing, ready, superseded, held, cancelled or failed: of the newest version"
    )
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


VersionAction = Literal["make-current", "discard", "cancel", "resume"]


class VersionOut(Read):
    """One version of a document, and what the one who asks can do with it."""

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
    content_created_at: datetime | None = Field(description="when the document says it was made")
    content_modified_at: datetime | None = Field(description="when the document says it was last changed")
    quality_score: float | None = Field(description="how well it was read, 0 to 1; null before it was read")
    findings: list[dict[str, Any]] = Field(description="what a reader should know, at its place; the first hundred")
    findings_count: int
    flags: list[str] = Field(description="kinds of findings, for example hidden_text")
    actions: list[VersionAction] = Field(description="what you can do with it now")


class VersionDecided(Read):
    """What became of a decision about a version."""

    document_id: uuid.UUID
    version_id: uuid.UUID
    state: str = Field(description="staged: a job waits; unchanged: it was so already; superseded or cancelled: done")


class WordsOut(Read):
    """A run of words that both texts have, or only one of them."""

    kind: Literal["same", "removed", "added"]
    text: str


class PassageChangeOut(Read):
    """A passage that only one version has, or that both have with different words."""

    kind: Literal["removed", "added", "changed"]
    heading_path: list[str]
    page: int | None = Field(description="in the newer text, or in the older one where it was removed")
    before: str | None
    after: str | None
    words: list[WordsOut] = Field(description="of a changed passage, in reading order")


class DiffOut(Read):
    """What is different between two versions of a document, in the order of the text."""

    document_id: uuid.UUID
    from_version: int
    to_version: int
    same: int
    removed: int
    added: int
    changed: int
    changes: list[PassageChangeOut]
    is_truncated: bool = Field(description="whether there is more than is listed or was compared")


class DuplicateOut(Read):
    """Two documents that say the same."""

    document_id: uuid.UUID
    document_name: str
    other_id: uuid.UUID
    other_name: str
    similarity: float = Field(description="1 for equal files, else the share of wording they have in common")
    is_exact: bool


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
