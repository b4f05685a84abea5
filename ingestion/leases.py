"""Leases of jobs: who works on what, until when, and with which epoch.

Each lease raises the job's epoch. A worker that was thought dead and comes back holds an old epoch; `check_fence` tells
it so inside the transaction that would have written, and nothing is written.
"""

import contextlib
import os
import socket
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import structlog
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ingestion.errors import LeaseLostError
from ingestion.staging import INGEST_JOB
from storage.postgres.models.job import Job, JobState
from storage.postgres.session import owner_session

log = structlog.get_logger(__name__)

_LEASE = text(
    """
    UPDATE jobs
    SET state = 'leased', epoch = epoch + 1, attempts = attempts + 1, leased_by = :worker,
        lease_until = now() + make_interval(secs => :seconds), started_at = coalesce(started_at, now()),
        updated_at = now()
    WHERE id = (
        SELECT id FROM jobs
        WHERE kind = :kind
          AND (CAST(:organization_id AS uuid) IS NULL OR organization_id = :organization_id)
          AND ((state = 'queued' AND run_after <= now()) OR (state = 'leased' AND lease_until < now()))
        ORDER BY run_after, created_at, id
        LIMIT 1
        FOR UPDATE SKIP LOCKED
    )
    RETURNING id, organization_id, subject_id, epoch, attempts, max_attempts
    """
)
_EXTEND = text(
    """
    UPDATE jobs SET lease_until = now() + make_interval(secs => :seconds), updated_at = now()
    WHERE id = :id AND epoch = :epoch AND state = 'leased'
    """
)


@dataclass(frozen=True, slots=True)
class Lease:
    """A job held by this worker: it may write while `epoch` is the row's epoch."""

    job_id: uuid.UUID
    organization_id: uuid.UUID
    version_id: uuid.UUID
    epoch: int
    attempts: int
    max_attempts: int

    @property
    def is_exhausted(self) -> bool:
        """Whether earlier tries used up what is allowed: their workers died without a word."""
        return self.attempts > self.max_attempts


def worker_name() -> str:
    """A name for this process that no other has."""
    return f"{socket.gethostname()[:60]}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def lease_next(
    owner: Engine,
    worker: str,
    *,
    seconds: float,
    organization_id: uuid.UUID | None = None,
    kind: str = INGEST_JOB,
) -> Lease | None:
    """Take the oldest job that nobody holds, or whose holder fell silent.

    Args:
        owner: Engine of the owner, who sees all organizations.
        worker: Name of this worker.
        seconds: How long the lease lasts without a heartbeat.
        organization_id: Only jobs of this organization.
        kind: What kind of work.
    """
    parameters = {"worker": worker, "seconds": seconds, "kind": kind, "organization_id": organization_id}
    with owner_session(owner) as session:
        row = session.execute(_LEASE, parameters).one_or_none()
    if row is None:
        return None
    return Lease(row.id, row.organization_id, row.subject_id, row.epoch, row.attempts, row.max_attempts)


def unfinished(owner: Engine, organization_id: uuid.UUID | None = None) -> int:
    """How many ingest jobs are neither done nor failed."""
    waiting = select(func.count()).where(Job.kind == INGEST_JOB, Job.state.in_((JobState.QUEUED, JobState.LEASED)))
    if organization_id is not None:
        waiting = waiting.where(Job.organization_id == organization_id)
    with owner_session(owner) as session:
        return session.scalar(waiting) or 0


def check_fence(session: Session, lease: Lease) -> Job:
    """The lease's job, locked for this transaction.

    Raises:
        LeaseLostError: Another worker has a newer epoch, or the job is done.
    """
    job = session.scalars(select(Job).where(Job.id == lease.job_id).with_for_update()).one_or_none()
    if job is None or job.epoch != lease.epoch or job.state != JobState.LEASED:
        raise LeaseLostError(f"Job {lease.job_id} is no longer held with epoch {lease.epoch}.")
    return job


@contextlib.contextmanager
def heartbeat(owner: Engine, lease: Lease, *, seconds: float) -> Iterator[None]:
    """Keep a lease alive from a thread of its own while the block runs."""
    done = threading.Event()

    def beat() -> None:
        while not done.wait(seconds / 3):
            try:
                with owner_session(owner) as session:
                    session.execute(_EXTEND, {"id": lease.job_id, "epoch": lease.epoch, "seconds": seconds})
            except SQLAlchemyError as error:  # the fence decides in the end; a lost beat costs at most a second try
                log.warning("heartbeat_failed", job_id=str(lease.job_id), error=type(error).__name__)

    thread = threading.Thread(target=beat, name="lease-heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
