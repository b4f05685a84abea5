"""Runs the gates on an index version and keeps what they said with it."""

import asyncio
import contextlib
import threading
import uuid
from collections.abc import AsyncIterator, Callable, Iterator

import structlog
from anyio import to_thread

from evals.datasets.known_items import known_items
from evals.datasets.labels import load_labels
from evals.gates.freshness import freshness
from evals.gates.gate import Gate, GateContext
from evals.gates.latency import latency
from evals.gates.leak_canaries import leak_canaries
from evals.gates.retrieval_quality import retrieval_quality
from evals.gates.row_reconciliation import row_reconciliation
from ingestion.errors import IndexVersionError
from ingestion.index_builds.catch_up import catch_up
from ingestion.index_builds.gate_record import GATES, GateRecord, GateResult, contents_now, keep_record
from ingestion.index_builds.request import find_version
from ingestion.leased_jobs import run_next, working
from ingestion.leases import Lease
from ingestion.live_index import live_index
from ingestion.settings import IngestSettings, ingest_settings
from serving.context import ServingContext, open_context
from serving.errors import ApiError
from serving.settings import serving_settings
from storage.postgres.models.index_version import GATE_JOB, IndexStatus, IndexVersion
from storage.postgres.session import organization_session
from storage.settings import StorageSettings
from storage.stores import Stores

log = structlog.get_logger(__name__)

_GATES: dict[str, Gate] = dict(
    zip(GATES, (row_reconciliation, freshness, leak_canaries, latency, retrieval_quality), strict=True)
)
_LOOK_EVERY_S = 1.0

OnGate = Callable[[GateResult], None]


def run_gates(
    settings: StorageSettings,
    organization_id: uuid.UUID,
    reference: uuid.UUID | int,
    *,
    on_gate: OnGate | None = None,
) -> GateRecord:
    """Run every gate on a candidate and keep the record. Not for use inside an event loop.

    Args:
        settings: Where the stores are.
        organization_id: Whose index.
        reference: Id or number of a candidate.
        on_gate: Told each result as it is known.

    Raises:
        IndexVersionError: Unknown, or no candidate.
        ModelUnavailableError: Its model cannot be loaded.
    """
    return asyncio.run(_run(settings, organization_id, reference, on_gate))


async def _run(
    settings: StorageSettings, organization_id: uuid.UUID, reference: uuid.UUID | int, on_gate: OnGate | None
) -> GateRecord:
    async with _opened(settings) as serving:
        index, live = await to_thread.run_sync(_versions, serving.stores, organization_id, reference)
        # What came and went while nobody caught up is no fault of the index.
        await to_thread.run_sync(lambda: catch_up(serving.stores, index, settings=ingest_settings()))
        before = await to_thread.run_sync(contents_now, serving.stores, index)
        gate = await to_thread.run_sync(_context, serving, index, live)
        results = []
        for name, judge in _GATES.items():
            result = await _judge(name, judge, gate)
            log.info("gate_judged", gate=name, passed=result.passed, number=index.number)
            results.append(result)
            if on_gate is not None:
                on_gate(result)
        return await to_thread.run_sync(keep_record, serving.stores, organization_id, index.id, before, results)


async def _judge(name: str, judge: Gate, gate: GateContext) -> GateResult:
    """A gate that cannot look has not passed."""
    try:
        return await judge(gate)
    except ApiError as error:
        detail = f"{name}: the index version could not be asked: {error.detail}"
        return GateResult(name=name, passed=False, measured=None, threshold=None, detail=detail)


def _versions(
    stores: Stores, organization_id: uuid.UUID, reference: uuid.UUID | int
) -> tuple[IndexVersion, IndexVersion | None]:
    with organization_session(stores.app, organization_id) as session:
        index = find_version(session, organization_id, reference)
        live = live_index(session, organization_id)
    if index.status != IndexStatus.CANDIDATE:
        raise IndexVersionError(
            f"Index version {index.number} is {index.status}; gates look at candidates. `pixel index list` shows which are."
        )
    return index, live


def _context(serving: ServingContext, index: IndexVersion, live: IndexVersion | None) -> GateContext:
    judged = load_labels(serving.stores.app, index.organization_id)
    queries = judged or known_items(serving.stores.app, index.organization_id)
    return GateContext(serving, index, live, tuple(queries), is_judged=bool(judged))


@contextlib.asynccontextmanager
async def _opened(settings: StorageSettings) -> AsyncIterator[ServingContext]:
    context = open_context(settings, serving_settings())
    try:
        yield context
    finally:
        await context.close()


def run_next_gates(stores: Stores, worker: str, *, settings: IngestSettings) -> bool:
    """Run the gates of one index version that was asked for; whether there was one."""

    def run(lease: Lease) -> None:
        run_gates(stores.settings, lease.organization_id, lease.version_id)

    return run_next(stores, worker, kind=GATE_JOB, run=run, settings=settings)


@contextlib.contextmanager
def gating(stores: Stores, stop: threading.Event, *, settings: IngestSettings | None = None) -> Iterator[None]:
    """Run gates that are asked for in a thread of its own while the block runs."""
    settings = settings or ingest_settings()
    with working(
        "index-gates", lambda name: run_next_gates(stores, name, settings=settings), stop, pause_s=_LOOK_EVERY_S
    ):
        yield
