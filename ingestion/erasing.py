"""Erasures as jobs: asked for by the API or the command, carried out by whichever worker comes first."""

import contextlib
import threading
import uuid
from collections.abc import Iterator

import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ingestion import leases
from ingestion.crash_points import reach
from ingestion.errors import LeaseLostError
from ingestion.leases import Lease
from ingestion.settings import IngestSettings
from storage.erasure.announcing import announce
from storage.erasure.erase import NOTED_AFTERWARDS, Step, erase
from storage.errors import StorageError
from storage.postgres.models.erasure import ERASE_JOB, Erasure, ErasureKind, ErasureState
from storage.postgres.models.job import Job, JobState
from storage.postgres.session import organization_session, owner_session
from storage.stores import Stores

log = structlog.get_logger(__name__)

# Points at which a test may kill the process, beside those of the ingest protocol.
ERASE_CRASH_POINTS = (
    *(f"after_erase_{step.value}" for step in Step),
    *(f"after_erase_{step.value}_unnoted" for step in NOTED_AFTERWARDS),
)

_DIED = "its worker died each time"


def request_erasure(
    session: Session,
    organization_id: uuid.UUID,
    *,
    kind: ErasureKind,
    subject: str,
    with_uploads: bool = False,
    requested_by: uuid.UUID | None = None,
) -> Erasure:
    """Enter an erasure into the ledger, with the job that carries it out, and announce it to running processes.

    One that was asked for before and is not completed is taken up again, not doubled.

    Args:
        session: A session of the owner or of the organization.
        organization_id: Whose data.
        kind: What kind of subject.
        subject: Id of the document, knowledge base or person.
        with_uploads: For a person: the documents that they gave, too.
        requested_by: Who asks.
    """
    row = session.scalars(
        select(Erasure)
        .where(
            Erasure.organization_id == organization_id,
            Erasure.kind == kind,
            Erasure.subject == subject,
            Erasure.with_uploads == with_uploads,
            Erasure.state != ErasureState.COMPLETED,
        )
        .limit(1)
    ).one_or_none()
    if row is None:
        row = Erasure(
            organization_id=organization_id,
            kind=kind,
            subject=subject,
            with_uploads=with_uploads,
            requested_by=requested_by,
        )
        session.add(row)
        session.flush()
    waiting = select(Job.id).where(
        Job.kind == ERASE_JOB, Job.subject_id == row.id, Job.state.in_((JobState.QUEUED, JobState.LEASED))
    )
    if session.scalar(waiting.limit(1)) is None:
        session.add(Job(organization_id=organization_id, kind=ERASE_JOB, subject_id=row.id))
    announce(session, organization_id)
    return row


def run_next(
    stores: Stores, worker: str, *, settings: IngestSettings, organization_id: uuid.UUID | None = None
) -> bool:
    """Carry out one waiting erasure, if there is one.

    Args:
        stores: The stores.
        worker: Name of this worker.
        settings: How long leases last.
        organization_id: Only this organization's.

    Returns:
        Whether there was one.
    """
    lease = leases.lease_next(
        stores.owner, worker, seconds=settings.lease_seconds, organization_id=organization_id, kind=ERASE_JOB
    )
    if lease is None:
        return False
    failure: str | None = None
    try:
        with leases.heartbeat(stores.owner, lease, seconds=settings.lease_seconds):
            if lease.is_exhausted:
                failure = _DIED
            else:
                row = erase(stores, lease.version_id, on_step=lambda step: reach(f"after_erase_{step}"))
                failure = row.error
    except (StorageError, SQLAlchemyError, OSError) as error:
        failure = str(error) if isinstance(error, StorageError) else type(error).__name__
    with contextlib.suppress(LeaseLostError):
        _finish(stores, lease, failure)
    log.info("erasure_ended", erasure_id=str(lease.version_id), failed=failure is not None)
    return True


def _finish(stores: Stores, lease: Lease, failure: str | None) -> None:
    with organization_session(stores.app, lease.organization_id) as session:
        job = leases.check_fence(session, lease)
        job.state = JobState.FAILED if failure else JobState.SUCCEEDED
        job.error, job.finished_at = failure, func.now()
    if failure:
        with owner_session(stores.owner) as session:
            row = session.get(Erasure, lease.version_id)
            if row is not None and row.state != ErasureState.COMPLETED:
                row.state, row.error = ErasureState.FAILED, failure


@contextlib.contextmanager
def erasing(stores: Stores, stop: threading.Event, *, settings: IngestSettings) -> Iterator[None]:
    """Carry erasures out in a thread of its own while the block runs, so that no upload waits for one."""
    ended = threading.Event()

    def work() -> None:
        name = leases.worker_name()
        while not (stop.is_set() or ended.is_set()):
            try:
                if run_next(stores, name, settings=settings):
                    continue
            except (SQLAlchemyError, OSError) as error:
                log.warning("erasing_waits", error=type(error).__name__)
            stop.wait(max(1.0, settings.poll_seconds))

    thread = threading.Thread(target=work, name="erasing", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(timeout=5)
