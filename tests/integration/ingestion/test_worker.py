"""Tests of the long-running worker and of removing vectors."""

import gc
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import update

from ingestion import outbox
from ingestion.pipeline import Pipeline
from ingestion.removal import remove_pending
from ingestion.worker import Worker, WorkerReport, run_forever, run_until_idle
from storage.errors import StorageError
from storage.postgres import embedded
from storage.postgres.models.document_version import VersionState
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.postgres.models.outbox_event import OutboxEvent
from storage.postgres.session import owner_session
from storage.reconciler import verify
from storage.stores import Stores
from tests.factories.knowledge import FAST, give
from tests.integration.ingestion.ledger_view import LedgerView


@pytest.fixture
def view(stores: Stores, knowledge_base: KnowledgeBase) -> LedgerView:
    return LedgerView(stores, knowledge_base.organization_id)


@pytest.fixture
def running(stores: Stores) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=run_forever, args=(stores, stop), kwargs={"settings": FAST})
    thread.start()
    yield
    stop.set()
    thread.join(timeout=30)
    assert not thread.is_alive()
    gc.collect()  # what an error held on to goes here and not in the middle of another test


def wait_for(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


class TestRunForever:
    def test_picks_up_new_documents_and_cleans_up(
        self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView, running: None
    ) -> None:
        old = give(stores, knowledge_base, "Ink costs four euros.")
        wait_for(lambda: view.version(old.version_id).state == VersionState.READY)

        new = give(stores, knowledge_base, "Ink costs five euros.")

        wait_for(lambda: view.version(new.version_id).state == VersionState.READY)
        wait_for(lambda: view.version(old.version_id).vectors_removed_at is not None)
        assert len(view.indexed_chunks()) == 1

    def test_outlives_a_restart_of_postgres(
        self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView, running: None
    ) -> None:
        before = give(stores, knowledge_base, "Given before the stop.", uri="file:docs/before.md")

        embedded.stop(stores.settings, immediate=True)
        time.sleep(0.5)
        embedded.start(stores.settings)

        after = give(stores, knowledge_base, "Given after the start.", uri="file:docs/after.md")
        for accepted in (before, after):
            wait_for(lambda accepted=accepted: view.version(accepted.version_id).state == VersionState.READY)  # type: ignore[misc]
        assert len(view.indexed_chunks()) == 2


class TestInterrupted:
    def test_the_job_is_free_at_once(
        self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        accepted = give(stores, knowledge_base, "Ink costs four euros.")
        patient = FAST.model_copy(update={"lease_seconds": 300.0})

        def interrupt(pipeline: Pipeline, lease: object, work: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch, Worker(stores, settings=patient) as worker:
            patch.setattr(Pipeline, "_parse", interrupt)
            with pytest.raises(KeyboardInterrupt):
                worker.step(view.organization_id)

        run_until_idle(stores, organization_id=view.organization_id, settings=FAST)
        assert view.version(accepted.version_id).state == VersionState.READY


class TestManyWorkers:
    def test_share_the_work_and_write_each_document_once(
        self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView
    ) -> None:
        for number in range(12):
            give(stores, knowledge_base, f"Printer {number} costs {number} euros.", uri=f"file:docs/{number}.md")
        reports: list[WorkerReport] = []

        def work() -> None:
            reports.append(run_until_idle(stores, organization_id=view.organization_id, settings=FAST))

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sum(report.ready for report in reports) == 12
        assert {job.attempts for job in view.jobs()} == {1}
        assert len(view.events(outbox.READY)) == 12
        assert len(view.indexed_chunks()) == 12
        assert verify(stores, heal=False, organization_id=view.organization_id).is_clean


class TestRemovePending:
    def test_trouble_is_tried_again_later(
        self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        give(stores, knowledge_base, "Ink costs four euros.")
        run_until_idle(stores, organization_id=view.organization_id, settings=FAST)
        give(stores, knowledge_base, "Ink costs five euros.")

        def broken(table_name: str, version_id: object) -> int:
            raise StorageError("disk full")

        with monkeypatch.context() as patch:
            patch.setattr(type(stores.vectors), "remove_version", lambda self, name, version: broken(name, version))
            run_until_idle(stores, organization_id=view.organization_id, settings=FAST)
        event = view.events(outbox.VECTOR_DELETE)[0]
        assert (event.state, event.attempts, event.error) == ("pending", 1, "StorageError")
        assert remove_pending(stores, view.organization_id) == 0  # not due yet

        with owner_session(stores.owner) as session:
            session.execute(update(OutboxEvent).where(OutboxEvent.id == event.id).values(run_after=event.created_at))

        assert remove_pending(stores, view.organization_id) == 1
        assert len(view.indexed_chunks()) == 1

    def test_a_version_that_came_back_keeps_its_vectors(
        self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView
    ) -> None:
        first = give(stores, knowledge_base, "Ink costs four euros.")
        run_until_idle(stores, organization_id=view.organization_id, settings=FAST)
        with owner_session(stores.owner) as session:
            session.add(
                OutboxEvent(
                    organization_id=view.organization_id,
                    topic=outbox.VECTOR_DELETE,
                    subject_id=first.version_id,
                    payload={},
                )
            )

        assert remove_pending(stores, view.organization_id) == 1

        assert len(view.indexed_chunks()) == 1
        assert view.version(first.version_id).vectors_removed_at is None
