"""Tests of the reconciler: every class of damage is named and healed, without the model."""

import shutil
import uuid
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from ingestion.embedding.embedder import MiniLmEmbedder, default_embedder
from ingestion.intake import tombstone
from ingestion.live_index import table_spec
from ingestion.worker import run_until_idle
from storage.analysis.analyzer import terms_key
from storage.expected_rows import expected_rows
from storage.lance.schema import TableSpec
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.postgres.session import organization_session
from storage.reconciler import TableDrift, verify
from storage.records.vector import Candidate, VectorRow
from storage.stores import Stores
from tests.factories.knowledge import FAST, give
from tests.integration.ingestion.ledger_view import LedgerView

QUESTION = "What does a printer cost?"


class Damaged:
    """An organization with documents, to be damaged."""

    def __init__(self, stores: Stores, knowledge_base: KnowledgeBase) -> None:
        self.stores = stores
        self.knowledge_base = knowledge_base
        self.view = LedgerView(stores, knowledge_base.organization_id)
        for number in range(6):
            text = "\n\n".join(f"# Part {n}\n\nPrinter {number} of part {n} costs {n * number} EUR." for n in range(4))
            give(stores, knowledge_base, text, uri=f"file:docs/{number}.md")
        run_until_idle(stores, organization_id=self.view.organization_id, settings=FAST)

    @property
    def spec(self) -> TableSpec:
        return table_spec(self.view.index())

    @property
    def folder(self) -> Path:
        return Path(self.stores.settings.lance_uri) / f"{self.spec.name}.lance"

    def row(self, chunk_id: uuid.UUID | None = None) -> VectorRow:
        vector = np.full(384, 0.05, dtype=np.float32)
        return VectorRow(chunk_id or uuid.uuid4(), self.knowledge_base.id, vector, "term", terms_key("en"))

    def top(self) -> list[Candidate]:
        question = default_embedder().embed_query(QUESTION)
        return self.stores.vectors.search(self.spec.name, question, limit=10)

    def check(self, **expected: int) -> TableDrift:
        """Find exactly this damage, heal it, and find none."""
        before = self.top_before
        report = verify(self.stores, heal=True, organization_id=self.view.organization_id)
        drift = report.before[0]
        named = {name: getattr(drift, name) for name in ("missing", "extra", "duplicate", "stale")}
        assert named == {"missing": 0, "extra": 0, "duplicate": 0, "stale": 0, **expected}
        assert report.is_clean
        assert report.index_drift_rows == 0
        again = verify(self.stores, heal=False, organization_id=self.view.organization_id)
        assert again.is_clean
        assert again.before[0].found == again.before[0].expected
        assert self.top() == before
        return drift

    top_before: list[Candidate]


@pytest.fixture
def damaged(stores: Stores, knowledge_base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> Damaged:
    damaged = Damaged(stores, knowledge_base)
    damaged.top_before = damaged.top()
    return damaged


class TestVerify:
    def test_nothing_wrong(self, damaged: Damaged) -> None:
        damaged.check()

    def test_missing(self, damaged: Damaged) -> None:
        damaged.stores.vectors.remove_chunks(damaged.spec.name, damaged.view.indexed_chunks()[:3])

        damaged.check(missing=3)

    def test_extra(self, damaged: Damaged) -> None:
        damaged.stores.vectors.add_rows(damaged.spec, uuid.uuid4(), [damaged.row(), damaged.row()])

        damaged.check(extra=2)

    def test_duplicate(self, damaged: Damaged) -> None:
        chunk = damaged.view.chunks(damaged.view.versions()[0].id)[0]
        vector = default_embedder().embed_query(QUESTION)
        damaged.stores.vectors.add_rows(
            damaged.spec,
            chunk.document_version_id,
            [VectorRow(chunk.id, damaged.knowledge_base.id, vector, "term", terms_key(chunk.language))],
        )

        damaged.check(duplicate=1)

    @pytest.mark.parametrize("what", ["vector", "knowledge_base", "version", "terms"])
    def test_stale(self, damaged: Damaged, what: str) -> None:
        chunk = damaged.view.chunks(damaged.view.versions()[0].id)[0]
        good = damaged.stores.vectors
        stored = {row.chunk_id: row for row in good.rows(damaged.spec.name)}[chunk.id]
        good.remove_chunks(damaged.spec.name, [chunk.id])
        base = uuid.uuid4() if what == "knowledge_base" else stored.knowledge_base_id
        version = uuid.uuid4() if what == "version" else stored.document_version_id
        vector = damaged.row().vector
        key = "0:en" if what == "terms" else stored.terms_key
        good.add_rows(damaged.spec, version, [VectorRow(chunk.id, base, vector, "term", key)])

        damaged.check(stale=1)

    def test_unreadable(self, damaged: Damaged) -> None:
        for path in (damaged.folder / "_versions").iterdir():
            path.write_bytes(path.read_bytes()[:7])

        assert damaged.check(missing=24).is_unreadable

    def test_torn_data_file(self, damaged: Damaged) -> None:
        path = sorted((damaged.folder / "data").iterdir())[0]
        path.write_bytes(path.read_bytes()[:40])

        assert damaged.check(missing=24).is_unreadable

    def test_a_deleted_folder_is_rebuilt_without_the_model(
        self, damaged: Damaged, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = damaged.top_before
        shutil.rmtree(damaged.folder)

        with monkeypatch.context() as patch:
            patch.setattr(MiniLmEmbedder, "embed", None)  # any use would raise
            report = verify(damaged.stores, heal=True, organization_id=damaged.view.organization_id)

        assert report.drift_before == 24
        assert report.is_clean
        assert damaged.top() == before

    def test_only_looks_unless_asked_to_heal(self, damaged: Damaged) -> None:
        damaged.stores.vectors.remove_chunks(damaged.spec.name, damaged.view.indexed_chunks()[:1])

        report = verify(damaged.stores, heal=False, organization_id=damaged.view.organization_id)

        assert not report.is_clean
        assert report.index_drift_rows == 1
        assert len(damaged.view.indexed_chunks()) == 23

    def test_rows_on_their_way_out_are_not_drift(self, damaged: Damaged) -> None:
        version = damaged.view.versions()[0]
        tombstone(damaged.stores, damaged.view.organization_id, version.document_id)

        report = verify(damaged.stores, heal=False, organization_id=damaged.view.organization_id)

        assert report.is_clean
        assert report.before[0].pending_removal == 4

    def test_an_organization_without_documents(self, stores: Stores, knowledge_base: KnowledgeBase) -> None:
        assert verify(stores, heal=True, organization_id=knowledge_base.organization_id).before == ()


class TestExpectedRows:
    def test_given_up_in_the_middle_no_cursor_stays_open(self, stores: Stores, knowledge_base: KnowledgeBase) -> None:
        damaged = Damaged(stores, knowledge_base)
        with organization_session(stores.app, knowledge_base.organization_id) as session:
            rows = expected_rows(session, damaged.view.index())
            next(rows)
            assert session.execute(text("SELECT count(*) FROM pg_cursors WHERE name LIKE 'c_%'")).scalar_one() == 1
            rows.close()  # type: ignore[attr-defined]  # as when an error ends whoever reads

            assert session.execute(text("SELECT count(*) FROM pg_cursors WHERE name LIKE 'c_%'")).scalar_one() == 0
