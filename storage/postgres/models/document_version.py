"""Document versions: one per content and pipeline, with its state."""

import enum
import uuid
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Created, Identified, JsonObject, OrganizationOwned, one_of
from storage.records.failure_type import FailureType as FailureType  # light, for the parser's child process


class VersionState(enum.StrEnum):
    """Where a version stands in the ingest protocol."""

    STAGED = "staged"  # accepted and stored; a job waits
    PROCESSING = "processing"  # a worker holds it
    READY = "ready"  # the document's current version, searchable
    SUPERSEDED = "superseded"  # was current; a newer version took its place
    HELD = "held"  # reads far worse than the current version; waits for someone's decision
    CANCELLED = "cancelled"  # taken back before it was read; can be resumed
    FAILED = "failed"  # could not be read; failure_type and failure_reason say why


class DocumentVersion(Identified, OrganizationOwned, Created, Base):
    """One content of a document, read by one version of the pipeline.

    `content_hash` is HMAC-SHA256 of the bytes under the organization's key, in hex, and names the stored file.
    `content_created_at` and `content_modified_at` are what the document says of itself. `findings` is what its parser
    noticed, `quality` its score for each page, `signature` a MinHash of its wording. `pages_done` of `pages_total`
    tell how far reading it is, `passages_done` of `passages_total` how far embedding those that are new.
    `expected_count` and `expected_digest` (XOR of the SHA-256 of the chunk ids) are what a vector table of the chunking
    `chunking` must hold: the one that was live when the version was read.
    """

    __tablename__ = "document_versions"
    __table_args__ = (
        UniqueConstraint("document_id", "content_hash", "pipeline_version"),
        UniqueConstraint("document_id", "number"),
        one_of("state", VersionState),
        one_of("failure_type", FailureType),
    )

    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), index=True)
    ingestion_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("ingestions.id", ondelete="SET NULL"), index=True)
    number: Mapped[int]
    content_hash: Mapped[str] = mapped_column(String(64))
    pipeline_version: Mapped[str] = mapped_column(String(50))
    state: Mapped[str] = mapped_column(String(20), default=VersionState.STAGED, index=True)
    failure_type: Mapped[str | None] = mapped_column(String(30))
    failure_reason: Mapped[str | None]
    media_type: Mapped[str | None] = mapped_column(String(150))
    declared_type: Mapped[str | None] = mapped_column(String(150))
    byte_size: Mapped[int] = mapped_column(BigInteger)
    text_key: Mapped[str | None] = mapped_column(String(100))
    title: Mapped[str | None]
    author: Mapped[str | None]
    language: Mapped[str | None] = mapped_column(String(10))
    page_count: Mapped[int | None]
    missing_pages: Mapped[JsonObject] = mapped_column(default=dict, server_default="{}")
    parsed_metadata: Mapped[JsonObject] = mapped_column(default=dict, server_default="{}")
    content_created_at: Mapped[datetime | None]
    content_modified_at: Mapped[datetime | None]
    findings: Mapped[list[JsonObject]] = mapped_column(JSONB, default=list, server_default="[]")
    quality: Mapped[JsonObject | None] = mapped_column(JSONB)
    signature: Mapped[bytes | None] = mapped_column(LargeBinary)
    pages_done: Mapped[int | None]
    pages_total: Mapped[int | None]
    passages_done: Mapped[int | None]
    passages_total: Mapped[int | None]
    chunking: Mapped[str | None] = mapped_column(String(50))
    expected_count: Mapped[int | None]
    expected_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    seconds: Mapped[float | None]
    ready_at: Mapped[datetime | None]
    superseded_at: Mapped[datetime | None]
    vectors_removed_at: Mapped[datetime | None]
