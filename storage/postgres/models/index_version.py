"""Index versions: which vector table serves an organization's questions."""

import enum
import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Created, Identified, JsonObject, OrganizationOwned, one_of

BUILD_JOB = "build_index"  # kind of the job that fills an index version
GATE_JOB = "gate_index"  # kind of the job that runs the gates on a candidate


class IndexStatus(enum.StrEnum):
    """Life of an index version."""

    BUILDING = "building"
    CANDIDATE = "candidate"  # whole and kept fresh; may go live when its gates pass
    LIVE = "live"
    RETIRED = "retired"  # was live; kept fresh for a rollback until it is dropped
    FAILED = "failed"  # its build stopped; `error` says why, and it can be resumed


class IndexVersion(Identified, OrganizationOwned, Created, Base):
    """Embedding model + dimension + chunker + settings -> one vector table of the organization.

    `model_source` is the folder of the model, None for the one that the product brings; `model_fingerprint` is the
    SHA-256 of its files, None where it was not kept yet. `settings` are the chunker's. `estimate` is what the build was
    expected to take, `progress` how far it is, `gates` what the gates said and on which contents. A retired version
    whose table is gone has `dropped_at`; its row stays, because receipts name it.
    """

    __tablename__ = "index_versions"
    __table_args__ = (
        UniqueConstraint("organization_id", "number"),
        Index("uq_index_versions_live", "organization_id", unique=True, postgresql_where=text("status = 'live'")),
        one_of("status", IndexStatus),
    )

    number: Mapped[int]
    status: Mapped[str] = mapped_column(String(20), default=IndexStatus.BUILDING)
    table_name: Mapped[str] = mapped_column(String(120), unique=True)
    embedding_model: Mapped[str] = mapped_column(String(100))
    model_source: Mapped[str | None]
    model_fingerprint: Mapped[str | None] = mapped_column(String(64))
    dimension: Mapped[int]
    chunker: Mapped[str] = mapped_column(String(50))
    settings: Mapped[JsonObject] = mapped_column(default=dict, server_default="{}")
    estimate: Mapped[JsonObject | None] = mapped_column(JSONB)
    progress: Mapped[JsonObject] = mapped_column(default=dict, server_default="{}")
    gates: Mapped[JsonObject | None] = mapped_column(JSONB)
    error: Mapped[str | None]
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    built_at: Mapped[datetime | None]
    promoted_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]
    dropped_at: Mapped[datetime | None]
