"""Runs jobs that are not documents: leased, kept alive by a heartbeat, ended with their outcome written down."""

import contextlib
import threading
from collections.abc import Callable, Iterator

import structlog
from pydantic import ValidationError
from sqlalchemy import func
from sqlalchemy.exc import SQLAlchemyError

from ingestion import leases
from ingestion.errors import IngestionError, LeaseLostError
from ingestion.leases import Lease
from ingestion.settings import IngestSettings
from storage.errors import StorageError
from storage.postgres.models.job import JobState
from storage.postgres.session import organization_session
from storage.stores import Stores

log = structlog.get_logger(__name__)

Run = Callable[[Lease], None]


def run_next(
    stores: Stores,
    worker: str,
    *,
    kind: str,
    run: Run,
    settings: IngestSettings,
    expected: tuple[type[Exception], ...] = (),
) -> bool:
    """Run one waiting job of a kind, if there is one.

    Args:
        stores: The stores.
        worker: Name of this worker.
        kind: What kind of work.
        run: Does it; what it raises of ours fails the job with its message.
        settings: How long a lease lasts.
        expected: Further errors that fail the job.

    Returns:
        Whether there was one.
    """
    lease = leases.lease_next(stores.owner, worker, seconds=settings.lease_seconds, kind=kind)
    if lease is None:
        return False
    failure: str | None = None
    told: tuple[type[Exception], ...] = (IngestionError, StorageError, ValidationError, *expected)
    try:
        with leases.heartbeat(stores.owner, lease, seconds=settings.lease_seconds):
            if lease.is_exhausted:
                failure = "its worker died each time"
            else:
                run(lease)
    except LeaseLostError:
        return True
    except told as error:
        failure = str(error)
    with contextlib.suppress(LeaseLostError), organization_session(stores.app, lease.organization_id) as session:
        job = leases.check_fence(session, lease)
        job.state = JobState.FAILED if failure else JobState.SUCCEEDED
        job.error, job.finished_at = failure, func.now()
    log.info("job_ended", kind=kind, subject_id=str(lease.version_id), is_failed=failure is not None)
    return True


@contextlib.contextmanager
def working(name: str, step: Callable[[str], bool], stop: threading.Event, *, pause_s: float) -> Iterator[None]:
    """Take steps in a thread of its own while the block runs.

    Args:
        name: Of the thread.
        step: Given the worker's name, does something and says whether there was anything to do.
        stop: Set it to end the thread early.
        pause_s: Seconds to wait when there was nothing.
    """
    ended = threading.Event()

    def work() -> None:
        worker = leases.worker_name()
        while not (stop.is_set() or ended.is_set()):
            try:
                if step(worker):
                    continue
            except (SQLAlchemyError, StorageError, OSError) as error:
                log.warning("work_waits", work=name, error=type(error).__name__)
            stop.wait(pause_s)

    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(timeout=5)
