"""Tests of the ingest protocol from intake to searchable."""

import uuid

import pytest
from sqlalchemy import text, update

from ingestion import leases, outbox
from ingestion.embedding.embedder import default_embedder
from ingestion.errors import LeaseLostError
from ingestion.intake import tombstone
from ingestion.parsing.sandbox import ParserSandbox
from ingestion.pipeline import Pipeline
from ingestion.removal import remove_pending
from ingestion.worker import Worker, run_until_idle
from storage.postgres.models.document_version import VersionState
from storage.postgres.models.job import Job, JobState
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.postgres.session import owner_session
from storage.reconciler import verify
from storage.records.digest import chunk_digest
from storage.records.failure_type import FailureType
from storage.stores import Stores
from tests.factories.documents import docx_bytes, pdf_bytes
from tests.factories.knowledge import FAST, give
from tests.integration.ingestion.ledger_view import LedgerView

ONE = "# Warranty\n\nThe warranty lasts two years.\n\n# Returns\n\nReturns are free for thirty days."
TWO = "# Warranty\n\nThe warranty lasts three years.\n\n# Returns\n\nReturns are free for thirty days."


@pytest.fixture
def view(stores: Stores, knowledge_base: KnowledgeBase) -> LedgerView:
    return LedgerView(stores, knowledge_base.organization_id)


def work(stores: Stores, view: LedgerView) -> int:
    """Run all jobs; return how many embeddings were computed."""
    report = run_until_idle(stores, organization_id=view.organization_id, settings=FAST)
    return report.embeddings_computed


GERMAN = (
    "Die Garantie der Maschine gilt für zwei Jahre und sie beginnt mit dem Tag der Lieferung, der auf der Rechnung steht. "
    "Wir nehmen die Maschine in den ersten dreißig Tagen zurück, wenn sie nicht gefällt."
)
ENGLISH = (
    "The warranty of the machine is for two years and it begins on the day of the delivery that is on the invoice. "
    "We take the machine back in the first thirty days if it is not what you want."
)


class TestLanguages:
    def test_a_passage_has_its_own(self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView) -> None:
        accepted = give(stores, knowledge_base, f"# One\n\n{ENGLISH} {ENGLISH}\n\n# Zwei\n\n{GERMAN}\n\n# Three\n\nOk.")
        work(stores, view)

        assert [chunk.language for chunk in view.chunks(accepted.version_id)] == ["en", "de", "en"]


class TestFirstVersion:
    def test_ends_ready_and_searchable(self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView) -> None:
        accepted = give(stores, knowledge_base, ONE)
        assert accepted.state == "staged"

        assert work(stores, view) == 2

        version = view.version(accepted.version_id)
        chunks = view.chunks(version.id)
        assert (version.state, version.title, version.media_type) == ("ready", "Warranty", "text/markdown")
        assert view.document(accepted.document_id).current_version_id == version.id
        assert [chunk.heading_path for chunk in chunks] == [["Warranty"], ["Returns"]]
        assert version.expected_count == 2
        assert version.expected_digest == chunk_digest([chunk.id for chunk in chunks])
        question = default_embedder().embed_query("How long is the warranty?")
        hits = stores.vectors.search(view.index().table_name, question, limit=2)
        assert [hit.chunk_id for hit in hits] == [chunk.id for chunk in chunks]
        assert hits[0].score > 0.5

    def test_text_and_original_are_kept(self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView) -> None:
        accepted = give(stores, knowledge_base, ONE)
        work(stores, view)

        version = view.version(accepted.version_id)
        assert version.text_key is not None
        assert stores.files.read(view.organization_id, version.content_hash) == ONE.encode()
        extracted = stores.files.read(view.organization_id, version.text_key).decode()
        assert all(extracted[c.char_start : c.char_end] == c.text for c in view.chunks(version.id))

    def test_says_so_once(self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView) -> None:
        accepted = give(stores, knowledge_base, ONE)
        work(stores, view)

        ready = view.events(outbox.READY)
        assert [(event.subject_id, event.state) for event in ready] == [(accepted.version_id, "pending")]
        assert ready[0].payload["document_id"] == str(accepted.document_id)

    @pytest.mark.parametrize(("name", "data"), [("a.docx", docx_bytes()), ("a.pdf", pdf_bytes([[(12, "Two words.")]]))])
    def test_other_formats(
        self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView, name: str, data: bytes
    ) -> None:
        accepted = give(stores, knowledge_base, data, uri=f"file:docs/{name}")
        work(stores, view)

        assert view.version(accepted.version_id).state == VersionState.READY


class TestUnchanged:
    def test_does_no_work(self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView) -> None:
        first = give(stores, knowledge_base, ONE)
        work(stores, view)

        again = give(stores, knowledge_base, ONE)

        assert (again.state, again.version_id, again.job_id) == ("unchanged", first.version_id, None)
        assert work(stores, view) == 0
        assert len(view.jobs()) == 1

    def test_while_it_waits(self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView) -> None:
        give(stores, knowledge_base, ONE)

        assert give(stores, knowledge_base, ONE).state == "unchanged"
        assert len(view.jobs()) == 1

    def test_another_place_with_the_same_text_computes_nothing(
        self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView
    ) -> None:
        give(stores, knowledge_base, ONE)
        work(stores, view)

        give(stores, knowledge_base, ONE, uri="file:docs/copy.md")

        assert work(stores, view) == 0
        assert len(view.indexed_chunks()) == 4


class TestNewVersion:
    def test_supersedes_and_its_vectors_replace_the_old(
        self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView
    ) -> None:
        old = give(stores, knowledge_base, ONE)
        work(stores, view)

        new = give(stores, knowledge_base, TWO)

        assert work(stores, view) == 1  # the other section is known
        assert view.version(old.version_id).state == VersionState.SUPERSEDED
        assert view.version(old.version_id).vectors_removed_at is not None
        assert view.document(new.document_id).current_version_id == new.version_id
        assert view.indexed_chunks() == sorted(chunk.id for chunk in view.chunks(new.version_id))

    def test_the_old_one_stays_readable_until_the_flip(
        self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView
    ) -> None:
        old = give(stores, knowledge_base, ONE)
        work(stores, view)

        give(stores, knowledge_base, TWO)

        assert view.document(old.document_id).current_version_id == old.version_id

    def test_back_to_the_first(self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView) -> None:
        first = give(stores, knowledge_base, ONE)
        work(stores, view)
        give(stores, knowledge_base, TWO)
        work(stores, view)

        back = give(stores, knowledge_base, ONE)

        assert (back.state, back.version_id) == ("staged", first.version_id)
        assert work(stores, view) == 0
        assert view.document(back.document_id).current_version_id == first.version_id
        assert view.indexed_chunks() == sorted(chunk.id for chunk in view.chunks(first.version_id))

    def test_back_to_the_first_before_any_work(
        self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView
    ) -> None:
        first = give(stores, knowledge_base, ONE)
        give(stores, knowledge_base, TWO)
        give(stores, knowledge_base, ONE)

        work(stores, view)

        assert view.document(first.document_id).current_version_id == first.version_id
        assert sorted(version.state for version in view.versions()) == ["ready", "superseded"]
        assert verify(stores, heal=False, organization_id=view.organization_id).is_clean

    def test_an_unreadable_one_leaves_the_old_in_place(
        self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView
    ) -> None:
        old = give(stores, knowledge_base, ONE)
        work(stores, view)

        bad = give(stores, knowledge_base, b"\x00\x01\x02\x03" * 500)
        work(stores, view)

        failed = view.version(bad.version_id)
        assert (failed.state, failed.failure_type) == ("failed", FailureType.UNSUPPORTED)
        assert "binary" in (failed.failure_reason or "")
        assert view.document(old.document_id).current_version_id == old.version_id
        assert [event.payload["failure_type"] for event in view.events(outbox.FAILED)] == ["unsupported"]
        assert give(stores, knowledge_base, b"\x00\x01\x02\x03" * 500).failure_type is FailureType.UNSUPPORTED


class TestTombstone:
    def test_takes_effect_at_once_and_removes_vectors(
        self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView
    ) -> None:
        accepted = give(stores, knowledge_base, ONE)
        work(stores, view)

        assert tombstone(stores, view.organization_id, accepted.document_id)

        assert view.document(accepted.document_id).tombstoned_at is not None
        assert remove_pending(stores, view.organization_id) == 1
        assert view.indexed_chunks() == []
        assert not tombstone(stores, view.organization_id, accepted.document_id)

    def test_nobody_elses(self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView) -> None:
        accepted = give(stores, knowledge_base, ONE)

        assert not tombstone(stores, uuid.uuid4(), accepted.document_id)
        assert view.document(accepted.document_id).tombstoned_at is None

    def test_while_its_job_waits(self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView) -> None:
        accepted = give(stores, knowledge_base, ONE)
        tombstone(stores, view.organization_id, accepted.document_id)

        work(stores, view)

        assert [job.state for job in view.jobs()] == [JobState.CANCELLED]
        assert view.document(accepted.document_id).current_version_id is None

    def test_given_again_it_comes_back(self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView) -> None:
        accepted = give(stores, knowledge_base, ONE)
        work(stores, view)
        tombstone(stores, view.organization_id, accepted.document_id)

        again = give(stores, knowledge_base, ONE)

        assert view.document(again.document_id).current_version_id is None  # nothing old shows before it is ready
        assert work(stores, view) == 0
        assert view.document(again.document_id).current_version_id == accepted.version_id
        assert len(view.indexed_chunks()) == 2


class TestFence:
    def test_an_old_epoch_writes_nothing(self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView) -> None:
        accepted = give(stores, knowledge_base, ONE)
        stale = leases.lease_next(stores.owner, "slow", seconds=0.01, organization_id=view.organization_id)
        assert stale is not None
        with owner_session(stores.owner) as session:
            session.execute(
                update(Job).where(Job.id == stale.job_id).values(lease_until=text("now() - interval '1 s'"))
            )
        fresh = leases.lease_next(stores.owner, "fast", seconds=30, organization_id=view.organization_id)
        assert fresh is not None
        assert fresh.epoch == stale.epoch + 1
        sandbox = ParserSandbox(FAST)
        pipeline = Pipeline(stores, embedder=default_embedder(), sandbox=sandbox, settings=FAST)

        with pytest.raises(LeaseLostError):
            pipeline.run(stale)
        assert view.chunks(accepted.version_id) == []
        outcome = pipeline.run(fresh)
        sandbox.close()

        assert outcome.state is VersionState.READY
        with pytest.raises(LeaseLostError):
            pipeline.run(fresh)
        assert len(view.events(outbox.READY)) == 1

    def test_a_live_lease_is_not_taken(self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView) -> None:
        give(stores, knowledge_base, ONE)
        held = leases.lease_next(stores.owner, "one", seconds=1, organization_id=view.organization_id)
        assert held is not None

        with leases.heartbeat(stores.owner, held, seconds=1):
            import time

            time.sleep(1.5)
            other = leases.lease_next(stores.owner, "two", seconds=1, organization_id=view.organization_id)

        assert other is None

    def test_a_job_that_kills_its_workers_fails_in_the_end(
        self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView
    ) -> None:
        accepted = give(stores, knowledge_base, ONE)
        with owner_session(stores.owner) as session:
            session.execute(update(Job).where(Job.subject_id == accepted.version_id).values(attempts=5))

        work(stores, view)

        version = view.version(accepted.version_id)
        assert (version.state, version.failure_type) == ("failed", FailureType.INTERNAL)
        assert "5 times" in (version.failure_reason or "")


class TestTrouble:
    def test_a_missing_original(self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView) -> None:
        accepted = give(stores, knowledge_base, ONE)
        stores.files.delete(view.organization_id, view.version(accepted.version_id).content_hash)

        work(stores, view)

        assert view.version(accepted.version_id).failure_type == FailureType.FILE_MISSING
        assert give(stores, knowledge_base, ONE).state == "staged"  # its bytes are here again, so it is worth a try
        work(stores, view)
        assert view.version(accepted.version_id).state == VersionState.READY

    def test_a_torn_table_is_rebuilt_on_the_way(
        self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView
    ) -> None:
        from pathlib import Path

        give(stores, knowledge_base, ONE)
        work(stores, view)
        table = Path(stores.settings.lance_uri) / f"{view.index().table_name}.lance"
        for path in (table / "_versions").iterdir():
            path.write_bytes(b"torn")

        give(stores, knowledge_base, "Another document about ink.", uri="file:docs/b.md")
        work(stores, view)

        assert {version.state for version in view.versions()} == {"ready"}
        assert verify(stores, heal=False, organization_id=view.organization_id).is_clean

    def test_another_model_in_the_index_is_named_and_ends_the_tries(
        self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView
    ) -> None:
        settings = FAST.model_copy(update={"max_attempts": 2})
        give(stores, knowledge_base, ONE)
        work(stores, view)
        with owner_session(stores.owner) as session:
            session.execute(
                text("UPDATE index_versions SET dimension = 8 WHERE organization_id = :o"), {"o": view.organization_id}
            )

        accepted = give(stores, knowledge_base, TWO, settings=settings)
        with Worker(stores, settings=settings) as worker:
            assert worker.step(view.organization_id) is None  # put back for a second try
            import time

            time.sleep(0.1)
            outcome = worker.step(view.organization_id)

        assert outcome is not None
        assert outcome.failure_type is FailureType.INTERNAL
        assert view.version(accepted.version_id).state == VersionState.FAILED
