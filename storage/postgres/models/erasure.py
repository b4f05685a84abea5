"""Erasures: the ledger of what was erased for good, kept so that no restore brings it back."""

import enum
import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Created, Identified, JsonObject, OrganizationOwned, one_of

ERASE_JOB = "erase"  # kind of the job that carries an erasure out


class ErasureKind(enum.StrEnum):
    """What is erased."""

    DOCUMENT = "document"
    KNOWLEDGE_BASE = "knowledge_base"
    SUBJECT = "subject"  # a person: a user, a visitor, or someone outside who wrote to a bot


class ErasureState(enum.StrEnum):
    """Life of an erasure."""

    REQUESTED = "requested"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"  # something was left, or a step could not be done; it may be run again


class Erasure(Identified, OrganizationOwned, Created, Base):
    """One erasure: ids and keys only, never what was erased.

    `subject` is the id that was named, `targets` the ids that it stood for when it was asked for, `content_keys` the
    names of stored files. `step` is the last one done, so that a killed run goes on after it. `touched` counts what was
    removed, `proof` says what a search through the bytes found.
    """

    __tablename__ = "erasures"
    __table_args__ = (
        Index("ix_erasures_subject", "subject"),
        one_of("kind", ErasureKind),
        one_of("state", ErasureState),
    )

    kind: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(255))
    with_uploads: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    state: Mapped[str] = mapped_column(String(20), default=ErasureState.REQUESTED, server_default="requested")
    step: Mapped[str | None] = mapped_column(String(20))
    targets: Mapped[JsonObject] = mapped_column(default=dict, server_default="{}")
    content_keys: Mapped[list[str]] = mapped_column(default=list, server_default="{}")
    touched: Mapped[JsonObject] = mapped_column(default=dict, server_default="{}")
    proof: Mapped[JsonObject | None] = mapped_column(JSONB)
    error: Mapped[str | None]
    requested_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    completed_at: Mapped[datetime | None]
