"""What the worker does beside documents: builds that were asked for, freshness of candidates, waiting gates."""

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select

from ingestion.index_builds.build import create_index_version
from ingestion.index_builds.jobs import request_job, run_next_build, tending
from ingestion.index_builds.request import BuildRequest
from ingestion.leases import worker_name
from storage.postgres.models.index_version import BUILD_JOB, GATE_JOB, IndexStatus, IndexVersion
from storage.postgres.models.job import Job
from storage.postgres.session import organization_session
from tests.factories.embedding_models import make_tiny_model
from tests.factories.knowledge import FAST
from tests.integration.ingestion.index_builds.conftest import Shelf


def asked(shelf: Shelf, request: BuildRequest) -> IndexVersion:
    """An index version with the job that builds it."""
    index = create_index_version(shelf.stores, shelf.organization_id, request, settings=FAST)
    with organization_session(shelf.stores.app, shelf.organization_id) as session:
        first = request_job(session, shelf.organization_id, BUILD_JOB, index.id)
        assert request_job(session, shelf.organization_id, BUILD_JOB, index.id).id == first.id
    return index


def jobs(shelf: Shelf, kind: str) -> list[Job]:
    with organization_session(shelf.stores.app, shelf.organization_id) as session:
        return list(session.scalars(select(Job).where(Job.kind == kind)))


def wait_until(is_so: Callable[[], bool], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


class TestTending:
    def test_builds_asks_for_gates_and_keeps_fresh(self, shelf: Shelf) -> None:
        index = asked(shelf, BuildRequest(chunk_tokens=60))
        stop = threading.Event()
        with tending(shelf.stores, stop, settings=FAST):
            wait_until(lambda: shelf.index(index.number).status == IndexStatus.CANDIDATE)
            wait_until(lambda: len(jobs(shelf, GATE_JOB)) == 1)
            shelf.give("# Harbours\n\nBoats are moored at the third pier until the tide turns.", "file:docs/h.md")
            wait_until(lambda: shelf.missing(index.number) == [])
            stop.set()
        assert shelf.drift(index.number).rows == 0
        wait_until(lambda: [job.state for job in jobs(shelf, BUILD_JOB)] == ["succeeded"])


class TestRunNextBuild:
    def test_a_model_that_is_gone_fails_job_and_index_with_the_reason(self, shelf: Shelf, tmp_path: Path) -> None:
        folder = make_tiny_model(tmp_path / "leaving", seed=6)
        index = asked(shelf, BuildRequest(model=str(folder)))
        shutil.rmtree(folder)

        while not any(job.state == "failed" for job in jobs(shelf, BUILD_JOB)):
            assert run_next_build(shelf.stores, worker_name(), settings=FAST)

        failed = shelf.index(index.number)
        assert failed.status == IndexStatus.FAILED
        assert "No embedding model in" in (failed.error or "")
        assert (jobs(shelf, BUILD_JOB)[0].error or "") == failed.error
        assert jobs(shelf, GATE_JOB) == []
