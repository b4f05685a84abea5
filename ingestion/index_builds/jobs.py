"""What the worker does for index versions: builds those that were asked for, keeps the others fresh, drops old ones."""

import contextlib
import threading
import time
import uuid
from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from ingestion.index_builds.build import build
from ingestion.index_builds.catch_up import keep_fresh
from ingestion.index_builds.prune import prune_all
from ingestion.leased_jobs import run_next, working
from ingestion.leases import Lease
from ingestion.settings import IngestSettings
from storage.postgres.models.index_version import BUILD_JOB, GATE_JOB
from storage.postgres.models.job import Job, JobState
from storage.postgres.session import organization_session
from storage.stores import Stores

_LOOK_EVERY_S = 1.0
_FRESHEN_EVERY_S = 5.0


def request_job(session: Session, organization_id: uuid.UUID, kind: str, index_version_id: uuid.UUID) -> Job:
    """Ask a worker to build an index version or to run its gates; one that is asked already is not asked twice."""
    waiting = session.scalars(
        select(Job)
        .where(
            Job.kind == kind,
            Job.subject_id == index_version_id,
            Job.state.in_((JobState.QUEUED, JobState.LEASED)),
        )
        .limit(1)
    ).one_or_none()
    if waiting is not None:
        return waiting
    job = Job(organization_id=organization_id, kind=kind, subject_id=index_version_id)
    session.add(job)
    session.flush()
    return job


def run_next_build(stores: Stores, worker: str, *, settings: IngestSettings) -> bool:
    """Build one index version that was asked for, then ask for its gates; whether there was one."""

    def run(lease: Lease) -> None:
        index = build(stores, lease.organization_id, lease.version_id, settings=settings)
        with organization_session(stores.app, lease.organization_id) as session:
            request_job(session, lease.organization_id, GATE_JOB, index.id)

    return run_next(stores, worker, kind=BUILD_JOB, run=run, settings=settings)


@contextlib.contextmanager
def tending(stores: Stores, stop: threading.Event, *, settings: IngestSettings) -> Iterator[None]:
    """Tend index versions in threads of their own while the block runs, so that no upload waits for a build."""
    freshen_at = 0.0

    def freshen(worker: str) -> bool:
        nonlocal freshen_at
        if time.monotonic() < freshen_at:
            return False
        freshen_at = time.monotonic() + _FRESHEN_EVERY_S
        done = keep_fresh(stores, settings=settings)
        prune_all(stores, settings=settings)
        return bool(done.added or done.removed)

    with (
        working(
            "index-builds", lambda name: run_next_build(stores, name, settings=settings), stop, pause_s=_LOOK_EVERY_S
        ),
        working("index-freshness", freshen, stop, pause_s=_LOOK_EVERY_S),
    ):
        yield
