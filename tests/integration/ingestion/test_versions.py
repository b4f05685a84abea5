"""Tests of what people decide about versions, on real stores."""

import uuid

import pytest
from pydantic import SecretStr

from ingestion import leases
from ingestion.embedding.embedder import default_embedder
from ingestion.errors import LeaseLostError, VersionError
from ingestion.intake import tombstone
from ingestion.parsing.sandbox import ParserSandbox
from ingestion.pipeline import Pipeline
from ingestion.versions import cancel, discard, make_current, resume
from ingestion.worker import run_until_idle
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.postgres.models.organization import Organization
from storage.reconciler import verify
from storage.stores import Stores
from tests.factories.documents import encrypted_pdf_bytes
from tests.factories.knowledge import FAST, give, make_knowledge_base
from tests.integration.ingestion.ledger_view import LedgerView

ONE = "# Warranty\n\nThe warranty of the machine lasts two years. Returns of machines are free for thirty days."
TWO = "# Warranty\n\nThe warranty of the machine lasts three years. Returns of machines are free for sixty days."
BROKEN = ONE.translate(str.maketrans("aeiouy", "xzqkvw"))  # letters of a font whose table of characters is wrong


@pytest.fixture
def view(stores: Stores, knowledge_base: KnowledgeBase) -> LedgerView:
    return LedgerView(stores, knowledge_base.organization_id)


def read(stores: Stores, knowledge_base: KnowledgeBase, text: str) -> uuid.UUID:
    """Give a text, let the worker do what is to do, return the version."""
    accepted = give(stores, knowledge_base, text)
    work(stores, knowledge_base)
    return accepted.version_id


def work(stores: Stores, knowledge_base: KnowledgeBase) -> int:
    report = run_until_idle(stores, organization_id=knowledge_base.organization_id, settings=FAST)
    return report.embeddings_computed


class TestHeld:
    def test_a_version_that_reads_far_worse_waits_and_the_current_one_stays(
        self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView
    ) -> None:
        good = read(stores, knowledge_base, ONE)

        bad = read(stores, knowledge_base, BROKEN)

        version = view.version(bad)
        assert version.state == "held"
        assert version.failure_reason is not None
        assert "reads far worse" in version.failure_reason
        assert view.document(version.document_id).current_version_id == good
        assert view.indexed_chunks() == sorted(chunk.id for chunk in view.chunks(good))
        (event,) = view.events("document.held")
        assert event.subject_id == bad
        assert verify(stores, heal=False, organization_id=view.organization_id).is_clean

    def test_giving_it_again_changes_nothing(
        self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView
    ) -> None:
        read(stores, knowledge_base, ONE)
        bad = read(stores, knowledge_base, BROKEN)

        assert give(stores, knowledge_base, BROKEN).state == "unchanged"
        assert view.version(bad).state == "held"

    def test_the_next_good_version_takes_over(
        self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView
    ) -> None:
        read(stores, knowledge_base, ONE)
        read(stores, knowledge_base, BROKEN)

        newest = read(stores, knowledge_base, TWO)

        assert view.version(newest).state == "ready"

    def test_accepted_it_becomes_current_and_nothing_is_embedded(
        self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView
    ) -> None:
        good = read(stores, knowledge_base, ONE)
        bad = read(stores, knowledge_base, BROKEN)

        make_current(stores, view.organization_id, bad)
        assert work(stores, knowledge_base) == 0

        assert (view.version(bad).state, view.version(good).state) == ("ready", "superseded")
        assert view.indexed_chunks() == sorted(chunk.id for chunk in view.chunks(bad))
        assert verify(stores, heal=False, organization_id=view.organization_id).is_clean

    def test_discarded_it_is_gone(self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView) -> None:
        read(stores, knowledge_base, ONE)
        bad = read(stores, knowledge_base, BROKEN)

        discard(stores, view.organization_id, bad)

        assert view.version(bad).state == "superseded"
        with pytest.raises(VersionError, match="only one that is held"):
            discard(stores, view.organization_id, bad)


class TestMakeCurrent:
    def test_goes_back_without_the_model_and_without_the_parser(
        self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView
    ) -> None:
        first = read(stores, knowledge_base, ONE)
        second = read(stores, knowledge_base, TWO)
        before = [chunk.id for chunk in view.chunks(first)]

        accepted = make_current(stores, view.organization_id, first)
        assert accepted.state == "staged"
        assert work(stores, knowledge_base) == 0

        assert (view.version(first).state, view.version(second).state) == ("ready", "superseded")
        assert view.version(first).number > view.version(second).number
        assert [chunk.id for chunk in view.chunks(first)] == before
        assert view.indexed_chunks() == sorted(before)
        assert verify(stores, heal=False, organization_id=view.organization_id).is_clean

    def test_the_current_one_is_unchanged(
        self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView
    ) -> None:
        only = read(stores, knowledge_base, ONE)

        assert make_current(stores, view.organization_id, only).state == "unchanged"

    def test_a_version_that_was_never_read_cannot(
        self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView
    ) -> None:
        failed = read(stores, knowledge_base, " ")

        with pytest.raises(VersionError, match="is failed; only one that was read"):
            make_current(stores, view.organization_id, failed)

    def test_an_unknown_one_a_foreign_one_and_one_of_a_deleted_document_are_the_same(
        self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView, other_organization: Organization
    ) -> None:
        mine = read(stores, knowledge_base, ONE)
        foreign = read(stores, make_knowledge_base(stores.app, other_organization.id), ONE)
        tombstone(stores, view.organization_id, view.version(mine).document_id)

        for version_id in (uuid.uuid4(), foreign, mine):
            with pytest.raises(VersionError, match=f"There is no version {version_id}"):
                make_current(stores, view.organization_id, version_id)


class TestCancel:
    def test_before_a_worker_came(self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView) -> None:
        accepted = give(stores, knowledge_base, ONE)

        assert cancel(stores, view.organization_id, accepted.version_id)
        assert work(stores, knowledge_base) == 0

        assert view.version(accepted.version_id).state == "cancelled"
        assert [job.state for job in view.jobs()] == ["cancelled"]
        assert not cancel(stores, view.organization_id, accepted.version_id)

    def test_while_a_worker_has_it(self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView) -> None:
        accepted = give(stores, knowledge_base, ONE)
        lease = leases.lease_next(stores.owner, "test", seconds=30, organization_id=view.organization_id)
        assert lease is not None
        assert cancel(stores, view.organization_id, accepted.version_id)

        sandbox = ParserSandbox(FAST)
        pipeline = Pipeline(stores, embedder=default_embedder(), sandbox=sandbox, settings=FAST)
        with pytest.raises(LeaseLostError):
            pipeline.run(lease)
        sandbox.close()

        assert view.version(accepted.version_id).state == "cancelled"
        assert view.document(accepted.document_id).current_version_id is None

    def test_resumed_it_is_read(self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView) -> None:
        accepted = give(stores, knowledge_base, ONE)
        cancel(stores, view.organization_id, accepted.version_id)

        resume(stores, view.organization_id, accepted.version_id)
        work(stores, knowledge_base)

        assert view.version(accepted.version_id).state == "ready"
        with pytest.raises(VersionError, match="only a cancelled one"):
            resume(stores, view.organization_id, accepted.version_id)

    def test_giving_the_file_again_resumes_it_too(
        self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView
    ) -> None:
        accepted = give(stores, knowledge_base, ONE)
        cancel(stores, view.organization_id, accepted.version_id)

        assert give(stores, knowledge_base, ONE).state == "staged"


class TestProtected:
    def test_is_opened_by_a_password_of_the_settings_when_given_again(
        self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView
    ) -> None:
        data = encrypted_pdf_bytes(user_password="secret of the house")
        accepted = give(stores, knowledge_base, data, uri="file:docs/a.pdf")
        work(stores, knowledge_base)
        assert view.version(accepted.version_id).failure_type == "encrypted"
        assert give(stores, knowledge_base, data, uri="file:docs/a.pdf").state == "unchanged"

        opened = FAST.model_copy(update={"passwords": [SecretStr("wrong"), SecretStr("secret of the house")]})
        again = give(stores, knowledge_base, data, uri="file:docs/a.pdf", settings=opened)
        run_until_idle(stores, organization_id=view.organization_id, settings=opened)

        assert again.state == "staged"
        assert view.version(accepted.version_id).state == "ready"
        assert "secret of the house" not in str(vars(view.version(accepted.version_id)))
