"""Jobs: the ledger of work, leased with a fencing epoch."""

import enum
import uuid
from datetime import datetime

from sqlalchemy import BigInteger, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Identified, JsonObject, OrganizationOwned, Timestamped, one_of


class JobState(enum.StrEnum):
    """Life of a job."""

    QUEUED = "queued"
    LEASED = "leased"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Job(Identified, OrganizationOwned, Timestamped, Base):
    """One piece of work. Each lease raises `epoch`; a worker whose epoch is no longer the row's writes nothing."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index(
            "ix_jobs_runnable",
            "run_after",
            postgresql_where=text("state IN ('queued', 'leased')"),
        ),
        Index("ix_jobs_subject_id", "subject_id"),
        one_of("state", JobState),
    )

    kind: Mapped[str] = mapped_column(String(50))
    subject_id: Mapped[uuid.UUID]
    state: Mapped[str] = mapped_column(String(20), default=JobState.QUEUED)
    payload: Mapped[JsonObject] = mapped_column(default=dict, server_default="{}")
    epoch: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
    attempts: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    max_attempts: Mapped[int] = mapped_column(default=5, server_default=text("5"))
    run_after: Mapped[datetime] = mapped_column(server_default=text("now()"))
    leased_by: Mapped[str | None] = mapped_column(String(100))
    lease_until: Mapped[datetime | None]
    error: Mapped[str | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
