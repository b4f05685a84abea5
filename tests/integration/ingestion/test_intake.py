"""Tests of accepting documents."""

import threading
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from ingestion.errors import IntakeError
from ingestion.intake import Accepted, accept
from ingestion.parsing import ocr
from ingestion.worker import run_until_idle
from storage.errors import StorageError
from storage.files.store import FileStore
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.postgres.models.organization import Organization
from storage.records.failure_type import FailureType
from storage.stores import Stores
from tests.factories.documents import png_header
from tests.factories.knowledge import FAST, give, make_knowledge_base
from tests.integration.ingestion.ledger_view import LedgerView

TEXT = "Some text about parking."


@pytest.fixture
def view(stores: Stores, knowledge_base: KnowledgeBase) -> LedgerView:
    return LedgerView(stores, knowledge_base.organization_id)


class TestAccept:
    def test_from_a_file(self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView, tmp_path: Path) -> None:
        path = tmp_path / "anything"
        path.write_text(TEXT)

        accepted = accept(
            stores,
            organization_id=view.organization_id,
            knowledge_base_id=knowledge_base.id,
            source_uri="upload:../../etc/passwd",
            name="../../etc/passwd",
            data=path,
            declared_type="text/plain",
            custom_metadata={"team": "legal"},
        )

        version, document = view.version(accepted.version_id), view.document(accepted.document_id)
        assert (version.byte_size, version.declared_type, version.number) == (len(TEXT), "text/plain", 1)
        assert (document.name, document.custom_metadata) == ("../../etc/passwd", {"team": "legal"})
        assert stores.files.read(view.organization_id, version.content_hash).decode() == TEXT

    def test_many_at_once_stage_one_job(self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView) -> None:
        results: list[Accepted] = []
        threads = [
            threading.Thread(target=lambda: results.append(give(stores, knowledge_base, TEXT))) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(result.state for result in results) == ["staged"] + ["unchanged"] * 7
        assert len({result.version_id for result in results}) == 1
        assert len(view.jobs()) == 1

    def test_too_large_is_on_record(self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView) -> None:
        tight = FAST.model_copy(update={"max_file_bytes": 10})

        refused = give(stores, knowledge_base, TEXT, settings=tight)

        assert (refused.state, refused.failure_type) == ("failed", FailureType.TOO_LARGE)
        version = view.version(refused.version_id)
        assert not stores.files.exists(view.organization_id, version.content_hash)
        assert give(stores, knowledge_base, TEXT, settings=tight).state == "unchanged"
        assert give(stores, knowledge_base, TEXT).state == "staged"  # the limit was raised

    def test_another_pipeline_reads_the_same_bytes_again(
        self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView
    ) -> None:
        first = give(stores, knowledge_base, TEXT)
        run_until_idle(stores, organization_id=view.organization_id, settings=FAST)
        other = FAST.model_copy(update={"chunker": "fixed"})

        second = give(stores, knowledge_base, TEXT, settings=other)
        run_until_idle(stores, organization_id=view.organization_id, settings=other)

        assert second.version_id != first.version_id
        assert [v.pipeline_version.split(":")[1] for v in view.versions()] == ["headings-200-30", "fixed-200-30"]
        assert view.document(first.document_id).current_version_id == second.version_id

    def test_a_scan_is_tried_again_when_ocr_is_there(
        self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        scan = png_header(10, 10)
        give(stores, knowledge_base, scan, uri="file:docs/scan.png")
        self._fail_for_want_of_ocr(view)
        monkeypatch.setattr("ingestion.staging.ocr_available", lambda: False)
        assert give(stores, knowledge_base, scan, uri="file:docs/scan.png").failure_type is FailureType.OCR_UNAVAILABLE

        monkeypatch.setattr("ingestion.staging.ocr_available", lambda: True)

        assert give(stores, knowledge_base, scan, uri="file:docs/scan.png").state == "staged"

    def _fail_for_want_of_ocr(self, view: LedgerView) -> None:
        from ingestion import leases, ledger
        from storage.postgres.session import organization_session

        lease = leases.lease_next(view.stores.owner, "test", seconds=30, organization_id=view.organization_id)
        assert lease is not None
        with organization_session(view.stores.app, view.organization_id) as session:
            ledger.fail(session, lease, failure_type=FailureType.OCR_UNAVAILABLE, reason=ocr.UNAVAILABLE)

    def test_a_store_that_cannot_be_written_leaves_nothing(
        self, stores: Stores, knowledge_base: KnowledgeBase, view: LedgerView, tmp_path: Path
    ) -> None:
        (tmp_path / "file").write_text("in the way")
        broken = replace(stores, files=FileStore(str(tmp_path / "file" / "files")))

        with pytest.raises(StorageError, match="could not be written"):
            give(broken, knowledge_base, TEXT)
        assert view.versions() == []

    @pytest.mark.parametrize("name", ["", "  ", "\n"])
    def test_needs_a_name(self, stores: Stores, knowledge_base: KnowledgeBase, name: str) -> None:
        with pytest.raises(IntakeError):
            accept(
                stores,
                organization_id=knowledge_base.organization_id,
                knowledge_base_id=knowledge_base.id,
                source_uri="upload:x",
                name=name,
                data=b"x",
            )

    def test_a_foreign_knowledge_base_is_unknown(
        self, stores: Stores, knowledge_base: KnowledgeBase, other_organization: Organization
    ) -> None:
        foreign = make_knowledge_base(stores.app, other_organization.id)

        for knowledge_base_id in (foreign.id, uuid.uuid4()):
            with pytest.raises(IntakeError, match="no open knowledge base"):
                accept(
                    stores,
                    organization_id=knowledge_base.organization_id,
                    knowledge_base_id=knowledge_base_id,
                    source_uri="upload:x",
                    name="x",
                    data=b"x",
                )
