"""kill -9 at every named point of the protocol, then a new worker: nothing is lost, nothing appears twice."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ingestion import outbox
from ingestion.crash_points import CRASH_POINTS
from ingestion.worker import run_until_idle
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.reconciler import verify
from storage.stores import Stores
from tests.factories.knowledge import FAST, give
from tests.integration.ingestion.ledger_view import LedgerView

OLD = "# Opening hours\n\nThe shop opens at nine."
NEW = "# Opening hours\n\nThe shop opens at ten.\n\n# Parking\n\nParking is free."
BYSTANDER = "# Parking\n\nParking is free. Ask at the desk."
BEFORE_STAGING = ("after_file_stored",)


def die(stores: Stores, knowledge_base: KnowledgeBase, text: str, point: str) -> None:
    """Give and process a document in another process that is killed at a point."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PIXEL_")},
        "PIXEL_HOME": str(stores.settings.home_path),
        "PIXEL_CRASH_AT": point,
        "PIXEL_INGEST_LEASE_SECONDS": "1",
        "PYTHONPATH": str(Path(__file__).parents[3]),
        "OMP_NUM_THREADS": "2",
    }
    identifiers = (str(knowledge_base.organization_id), str(knowledge_base.id))
    process = subprocess.run(
        [sys.executable, "-m", "tests.integration.ingestion.dying_process", *identifiers, "file:docs/a.md", text],
        env=environment,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert process.returncode == -signal.SIGKILL, process.stderr.decode()[-2000:]


@pytest.fixture
def view(stores: Stores, knowledge_base: KnowledgeBase) -> LedgerView:
    """An organization that has the old version and a bystander.

    The new text was embedded before, under another address that is gone, so the dying process needs no model.
    """
    view = LedgerView(stores, knowledge_base.organization_id)
    give(stores, knowledge_base, NEW, uri="file:docs/a.md")
    give(stores, knowledge_base, BYSTANDER, uri="file:docs/b.md")
    run_until_idle(stores, organization_id=view.organization_id, settings=FAST)
    give(stores, knowledge_base, OLD, uri="file:docs/a.md")
    run_until_idle(stores, organization_id=view.organization_id, settings=FAST)
    return view


class TestKillAt:
    @pytest.mark.parametrize("point", CRASH_POINTS)
    def test_every_accepted_document_ends_ready_exactly_once(
        self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView, point: str
    ) -> None:
        ready_before = len(view.events(outbox.READY))
        changed = NEW + "\n"  # other bytes, the same passages

        die(stores, knowledge_base, changed, point)

        if point in BEFORE_STAGING:  # nothing was acknowledged yet, so the giver gives again
            assert give(stores, knowledge_base, changed).state == "staged"
        else:
            assert give(stores, knowledge_base, changed).state == "unchanged"
        report = run_until_idle(stores, organization_id=view.organization_id, settings=FAST)

        current = [version for version in view.versions() if version.state == "ready"]
        assert len(current) == 2
        newest = max(view.versions(), key=lambda version: version.number)
        assert (newest.state, newest.byte_size) == ("ready", len(changed.encode()))
        assert view.document(newest.document_id).current_version_id == newest.id
        assert report.embeddings_computed == 0
        assert len(view.events(outbox.READY)) == ready_before + 1
        assert {event.state for event in view.events(outbox.VECTOR_DELETE)} == {"delivered"}
        assert {job.state for job in view.jobs()} == {"succeeded"}
        assert view.indexed_chunks() == sorted(c.id for version in current for c in view.chunks(version.id))
        assert verify(stores, heal=False, organization_id=view.organization_id).drift_before == 0

    @pytest.mark.parametrize("point", ["after_vectors_deleted", "after_vectors_added", "after_vector_delete"])
    def test_the_reconciler_alone_also_heals(
        self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView, point: str
    ) -> None:
        die(stores, knowledge_base, NEW + "\n", point)

        report = verify(stores, heal=True, organization_id=view.organization_id)

        assert report.is_clean
        readable = {document for version in view.versions() if version.state == "ready" for document in [version.id]}
        readable &= {view.document(version.document_id).current_version_id for version in view.versions()}
        expected = sorted(chunk.id for version_id in readable for chunk in view.chunks(version_id))
        pending = {event.subject_id for event in view.events(outbox.VECTOR_DELETE) if event.state == "pending"}
        leaving = {chunk.id for version_id in pending for chunk in view.chunks(version_id)}
        assert [chunk for chunk in view.indexed_chunks() if chunk not in leaving] == expected
