"""The ingest worker: leases jobs, runs the pipeline, decides what an error means, removes old vectors."""

import contextlib
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from types import TracebackType

import structlog
from pydantic import Field
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from ingestion import leases, ledger, removal, vector_moves
from ingestion.embedding.embedder import Embedder, default_embedder
from ingestion.erasing import erasing
from ingestion.errors import LeaseLostError, ModelUnavailableError, ParseError
from ingestion.index_builds.jobs import tending
from ingestion.leases import Lease
from ingestion.parsing.sandbox import ParserSandbox
from ingestion.pipeline import Outcome, Pipeline
from ingestion.settings import IngestSettings, ingest_settings
from ingestion.sources.sync import syncing
from storage.errors import FileMissingError, IndexUnavailableError, StorageError
from storage.postgres.models.document_version import VersionState
from storage.postgres.session import organization_session
from storage.reconciler import verify
from storage.records.failure_type import FailureType
from storage.records.record import Record
from storage.retention import remove_expired
from storage.stores import Stores

log = structlog.get_logger(__name__)

_IDLE_WAIT_S = 0.1
_LONGEST_OUTAGE_PAUSE_S = 5.0
_VERIFY_EVERY_S = 300.0
_VERIFY_AGAIN_S = 30.0
_DIED = (
    "Reading this document ended its worker {attempts} times. It is likely damaged; save it again and upload the copy."
)
_INTERNAL = (
    "Something in the system kept failing ({error}), not the document. Give it again later; the log has details."
)

Progress = Callable[[Outcome], None]


class WorkerReport(Record):
    """What a run of the worker did."""

    ready: int = 0
    failed: int = 0
    superseded: int = 0
    held: int = 0
    pages: int = 0
    passages: int = 0
    embeddings_computed: int = 0
    vectors_removed: int = 0
    failures: dict[str, int] = Field(default_factory=dict)

    @property
    def documents(self) -> int:
        """How many jobs have ended."""
        return self.ready + self.failed + self.superseded + self.held

    def plus(self, outcome: Outcome) -> "WorkerReport":
        """The report with one more job in it."""
        failure = outcome.failure_type
        failures = {**self.failures, failure.value: self.failures.get(failure, 0) + 1} if failure else self.failures
        return self.model_copy(
            update={
                "failures": failures,
                "held": self.held + (outcome.state is VersionState.HELD),
                "pages": self.pages + outcome.pages,
                "ready": self.ready + (outcome.state is VersionState.READY),
                "failed": self.failed + (outcome.state is VersionState.FAILED),
                "superseded": self.superseded + (outcome.state is VersionState.SUPERSEDED),
                "passages": self.passages + outcome.passages,
                "embeddings_computed": self.embeddings_computed + outcome.embeddings_computed,
            }
        )


class Worker:
    """A worker with its parser processes. Use it as a context manager; several threads may take steps at once."""

    def __init__(
        self, stores: Stores, *, settings: IngestSettings | None = None, embedder: Embedder | None = None
    ) -> None:
        self._stores = stores
        self._settings = settings or ingest_settings()
        self._name = leases.worker_name()
        self._interrupted = threading.Event()
        self._sandbox = ParserSandbox(self._settings)
        self._pipeline = Pipeline(
            stores, embedder=embedder or default_embedder(), sandbox=self._sandbox, settings=self._settings
        )

    def __enter__(self) -> "Worker":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sandbox.close()

    def interrupt(self) -> None:
        """Drop the documents in work and give their jobs back; from any thread. No further step begins."""
        self._interrupted.set()
        self._sandbox.interrupt()

    def step(self, organization_id: uuid.UUID | None = None) -> Outcome | None:
        """Run one job, if one is due.

        Returns:
            What became of it; None when nothing was due, or the job waits for its next try.
        """
        settings = self._settings
        if self._interrupted.is_set():
            return None
        lease = leases.lease_next(
            self._stores.owner, self._name, seconds=settings.lease_seconds, organization_id=organization_id
        )
        if lease is None:
            return None
        with leases.heartbeat(self._stores.owner, lease, seconds=settings.lease_seconds):
            return self._run(lease)

    def _run(self, lease: Lease) -> Outcome | None:
        names = {"job_id": str(lease.job_id), "version_id": str(lease.version_id), "epoch": lease.epoch}
        try:
            if lease.is_exhausted:
                reason = _DIED.format(attempts=lease.attempts - 1)
                return self._fail(lease, FailureType.INTERNAL, reason)
            outcome = self._pipeline.run(lease)
        except LeaseLostError:
            log.warning("lease_lost", **names)
            return None
        except ParseError as error:
            if self._interrupted.is_set():  # we killed its reader; that says nothing of the document
                self._give_back(lease)
                return None
            log.info("document_failed", failure_type=error.failure_type.value, **names)
            return self._fail(lease, error.failure_type, error.reason)
        except FileMissingError as error:
            log.error("document_file_missing", **names)
            return self._fail(lease, FailureType.FILE_MISSING, str(error))
        except DBAPIError as error:
            if error.connection_invalidated:
                raise  # Postgres is gone: nothing can be written down now; the lease runs out by itself
            return self._again(lease, error)
        except (StorageError, ModelUnavailableError, SQLAlchemyError, OSError, RuntimeError, ValueError) as error:
            return self._again(lease, error)
        except (KeyboardInterrupt, SystemExit):
            self._give_back(lease)
            raise
        log.info("document_indexed", state=outcome.state.value, passages=outcome.passages, **names)
        return outcome

    def _give_back(self, lease: Lease) -> None:
        """Interrupted: let another worker have the job at once instead of when the lease runs out."""
        with (
            contextlib.suppress(LeaseLostError, SQLAlchemyError),
            organization_session(self._stores.app, lease.organization_id) as session,
        ):
            ledger.put_back(session, lease, error="interrupted", pause_seconds=0)

    def _fail(self, lease: Lease, failure_type: FailureType, reason: str) -> Outcome | None:
        try:
            with organization_session(self._stores.app, lease.organization_id) as session:
                ledger.fail(session, lease, failure_type=failure_type, reason=reason)
        except LeaseLostError:
            return None
        return Outcome(version_id=lease.version_id, state=VersionState.FAILED, failure_type=failure_type)

    def _again(self, lease: Lease, error: Exception) -> Outcome | None:
        """Put the job back with a growing pause, or give it up after the last try."""
        kind = type(error).__name__
        log.warning("job_failed", job_id=str(lease.job_id), attempt=lease.attempts, error=kind, detail=_detail(error))
        if lease.attempts >= lease.max_attempts:
            return self._fail(lease, FailureType.INTERNAL, _INTERNAL.format(error=kind))
        if isinstance(error, IndexUnavailableError):
            verify(self._stores, heal=True, organization_id=lease.organization_id)
        pause = self._settings.retry_seconds * 2 ** (lease.attempts - 1)
        try:
            with organization_session(self._stores.app, lease.organization_id) as session:
                ledger.put_back(session, lease, error=kind, pause_seconds=pause)
        except LeaseLostError:
            log.warning("lease_lost", job_id=str(lease.job_id))
        return None


def run_until_idle(
    stores: Stores,
    *,
    organization_id: uuid.UUID | None = None,
    on_progress: Progress | None = None,
    on_report: Callable[[WorkerReport], None] | None = None,
    settings: IngestSettings | None = None,
) -> WorkerReport:
    """Work until no job is left, waiting for jobs that other workers hold or that wait for their next try.

    Args:
        stores: The stores.
        organization_id: Only this organization's jobs.
        on_progress: Called after each finished job.
        on_report: Called after each finished job with the sums so far.
        settings: Limits; the process's settings unless given.
    """
    settings = settings or ingest_settings()
    report, telling, stop = WorkerReport(), threading.Lock(), threading.Event()

    def work() -> None:
        nonlocal report
        while not stop.is_set():
            outcome = worker.step(organization_id)
            if outcome is not None:
                with telling:
                    report = report.plus(outcome)
                    if on_progress is not None:
                        on_progress(outcome)
                    if on_report is not None:
                        on_report(report)
            elif not leases.unfinished(stores.owner, organization_id):
                return
            else:
                stop.wait(_IDLE_WAIT_S)

    # While one document is parsed, in a process of its own, another is embedded.
    with Worker(stores, settings=settings) as worker:
        _together(worker, work, threads=settings.workers, stop=stop)
    vector_moves.follow_pending(stores, organization_id)
    removed = removal.remove_pending(stores, organization_id)
    return report.model_copy(update={"vectors_removed": removed})


def run_forever(stores: Stores, stop: threading.Event, *, settings: IngestSettings | None = None) -> None:
    """Work until told to stop. Outages of Postgres are waited out; damage of vector tables is healed.

    Args:
        stores: The stores.
        stop: Set it to end the worker after its current job.
        settings: Limits; the process's settings unless given.
    """
    settings = settings or ingest_settings()
    verify_at, choosing = 0.0, threading.Lock()
    default_embedder().embed(["warm up"])  # loading the model takes seconds, which no document should wait for

    def keep_house() -> None:
        """Verify, and remove what is kept no longer, when it is time; one thread does, the others go on."""
        nonlocal verify_at
        with choosing:
            if time.monotonic() < verify_at:
                return
            verify_at = time.monotonic() + _VERIFY_AGAIN_S  # a table that cannot be healed stops no other
        remove_expired(stores)
        verify(stores, heal=True)
        verify_at = time.monotonic() + _VERIFY_EVERY_S

    def work() -> None:
        pause = 0.0
        while not stop.is_set():
            try:
                keep_house()
                outcome = worker.step()
                pause = 0.0
                if outcome is None and not (vector_moves.follow_pending(stores) or removal.remove_pending(stores)):
                    stop.wait(settings.poll_seconds)
            except (SQLAlchemyError, StorageError, OSError) as error:
                pause = min(max(2 * pause, 0.2), _LONGEST_OUTAGE_PAUSE_S)
                log.warning("worker_waits", error=type(error).__name__, pause_seconds=pause)
                stop.wait(pause)

    with (
        Worker(stores, settings=settings) as worker,
        syncing(stores, stop, settings=settings),
        tending(stores, stop, settings=settings),
        erasing(stores, stop, settings=settings),
    ):
        _together(worker, work, threads=settings.workers, stop=stop)


def _together(worker: Worker, work: Callable[[], None], *, threads: int, stop: threading.Event) -> None:
    """Run the same work in several threads; what one of them raises, or an interrupt, stops the others and is raised."""
    with ThreadPoolExecutor(threads, thread_name_prefix="ingest") as pool:
        running = [pool.submit(work) for _ in range(threads)]
        try:
            for done in as_completed(running):
                done.result()
        except BaseException:
            stop.set()
            worker.interrupt()  # the pool waits for its threads, and they must not wait for a long document
            raise


def _detail(error: Exception) -> str | None:
    """Our own messages hold no document text; those of others might."""
    return str(error) if isinstance(error, StorageError) else None
