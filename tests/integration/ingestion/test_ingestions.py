"""Tests of the progress of documents that were given together, on real stores."""

import uuid
from collections.abc import Mapping
from pathlib import Path

import pytest

from ingestion.batch import ingest_paths
from ingestion.embedding.embedder import Embedder
from ingestion.ingestions import (
    IngestionNotFoundError,
    IngestionProgress,
    cancel_ingestion,
    ingestion_progress,
    resume_ingestion,
    start_ingestion,
)
from ingestion.intake import accept
from ingestion.passages import compute_vectors
from ingestion.worker import run_until_idle
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.postgres.models.organization import Organization
from storage.postgres.session import organization_session
from storage.records.vector import Vector
from storage.stores import Stores
from tests.factories.documents import pdf_bytes
from tests.factories.knowledge import FAST


def begin(stores: Stores, base: KnowledgeBase, *, expected: int | None = None) -> uuid.UUID:
    with organization_session(stores.app, base.organization_id) as session:
        return start_ingestion(
            session, organization_id=base.organization_id, knowledge_base_id=base.id, name="docs", expected=expected
        )


def join(stores: Stores, base: KnowledgeBase, ingestion_id: uuid.UUID, name: str, data: bytes) -> None:
    accept(
        stores, organization_id=base.organization_id, knowledge_base_id=base.id, source_uri=f"file:x/{name}",
        name=name, data=data, ingestion_id=ingestion_id, settings=FAST,
    )  # fmt: skip


def look(stores: Stores, base: KnowledgeBase, ingestion_id: uuid.UUID) -> IngestionProgress:
    return ingestion_progress(stores, base.organization_id, ingestion_id)


def work(stores: Stores, base: KnowledgeBase) -> None:
    run_until_idle(stores, organization_id=base.organization_id, settings=FAST)


class TestProgress:
    def test_from_the_first_document_to_the_last(self, stores: Stores, knowledge_base: KnowledgeBase) -> None:
        ingestion = begin(stores, knowledge_base, expected=3)
        assert (
            look(stores, knowledge_base, ingestion).state,
            look(stores, knowledge_base, ingestion).documents_total,
        ) == (
            "running",
            3,
        )
        join(stores, knowledge_base, ingestion, "a.md", b"Ink costs four euros.")
        join(stores, knowledge_base, ingestion, "b.pdf", pdf_bytes([[(11.0, "Page one.")], [(11.0, "Page two.")]]))
        join(stores, knowledge_base, ingestion, "c.md", b"   ")
        waiting = look(stores, knowledge_base, ingestion)
        assert (waiting.state, waiting.documents_done, waiting.seconds_left) == ("running", 0, None)

        work(stores, knowledge_base)

        done = look(stores, knowledge_base, ingestion)
        assert (done.state, done.documents_done, done.ready, done.failed) == ("done", 3, 2, {"empty": 1})
        assert (done.pages_done, done.pages_total) == (2, 2)
        assert [(p.name, p.failure_type) for p in done.problems] == [("c.md", "empty")]
        assert done.seconds_left is None

    def test_moves_while_a_long_document_is_embedded(
        self, stores: Stores, knowledge_base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ingestion = begin(stores, knowledge_base, expected=1)
        sections = (
            f"## Rule {n}\n\n" + f"Part {n} of the {n}th machine is oiled on day {n}. " * 12 for n in range(100)
        )
        join(stores, knowledge_base, ingestion, "long.md", "\n\n".join(sections).encode())
        seen: list[IngestionProgress] = []

        def watched(embedder: Embedder, texts: Mapping[str, str]) -> dict[str, Vector]:
            seen.append(look(stores, knowledge_base, ingestion))
            return compute_vectors(embedder, texts)

        monkeypatch.setattr("ingestion.pipeline.compute_vectors", watched)
        monkeypatch.setattr("ingestion.pipeline._TELL_EVERY_S", 0.0)
        work(stores, knowledge_base)

        total = seen[-1].passages_total
        assert total >= 100
        assert [one.passages_done for one in seen] == list(range(0, total, 32))
        # No document is done yet, and still there is something to go by.
        assert all(one.seconds_left is not None and one.seconds_left > 0 for one in seen[1:])
        done = look(stores, knowledge_base, ingestion)
        assert (done.state, done.passages_done, done.passages_total) == ("done", 0, 0)

    def test_one_that_is_cancelled_while_it_is_embedded_stops_there(
        self, stores: Stores, knowledge_base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ingestion = begin(stores, knowledge_base, expected=1)
        sections = (f"## Rule {n}\n\n" + f"Part {n} of the {n}th lamp is changed on day {n}. " * 12 for n in range(100))
        join(stores, knowledge_base, ingestion, "long.md", "\n\n".join(sections).encode())
        embedded: list[int] = []

        def cancelled(embedder: Embedder, texts: Mapping[str, str]) -> dict[str, Vector]:
            embedded.append(len(texts))
            cancel_ingestion(stores, knowledge_base.organization_id, ingestion)
            return compute_vectors(embedder, texts)

        monkeypatch.setattr("ingestion.pipeline.compute_vectors", cancelled)
        monkeypatch.setattr("ingestion.pipeline._TELL_EVERY_S", 0.0)
        work(stores, knowledge_base)

        assert embedded == [32]
        assert look(stores, knowledge_base, ingestion).state == "cancelled"

    def test_what_needs_no_work_is_counted(self, stores: Stores, knowledge_base: KnowledgeBase) -> None:
        first = begin(stores, knowledge_base)
        join(stores, knowledge_base, first, "a.md", b"Ink costs four euros.")
        work(stores, knowledge_base)

        again = begin(stores, knowledge_base, expected=1)
        join(stores, knowledge_base, again, "a.md", b"Ink costs four euros.")

        progress = look(stores, knowledge_base, again)
        assert (progress.state, progress.documents_done, progress.unchanged, progress.ready) == ("done", 1, 1, 0)
        assert look(stores, knowledge_base, first).ready == 1

    def test_of_a_folder(self, stores: Stores, knowledge_base: KnowledgeBase, tmp_path: Path) -> None:
        (tmp_path / "a.md").write_text("Ink costs four euros.")
        (tmp_path / "b.md").write_text("Paper costs two euros.")
        told: list[uuid.UUID] = []

        def ingest() -> dict[str, object]:
            report = ingest_paths(
                stores, [tmp_path], organization_id=knowledge_base.organization_id,
                knowledge_base_id=knowledge_base.id, on_start=told.append, settings=FAST,
            )  # fmt: skip
            return dict(report.summary)

        assert ingest()["ready"] == 2
        (tmp_path / "b.md").write_text("Paper costs three euros.")
        summary = ingest()

        assert (summary["ready"], summary["unchanged"], summary["embeddings_computed"]) == (1, 1, 1)
        progress = look(stores, knowledge_base, told[-1])
        assert (progress.state, progress.documents_total, progress.unchanged) == ("done", 2, 1)

    def test_unknown_and_foreign_ones_are_the_same(
        self, stores: Stores, knowledge_base: KnowledgeBase, other_organization: Organization
    ) -> None:
        ingestion = begin(stores, knowledge_base)

        for organization_id, wanted in (
            (knowledge_base.organization_id, uuid.uuid4()),
            (other_organization.id, ingestion),
        ):
            with pytest.raises(IngestionNotFoundError):
                ingestion_progress(stores, organization_id, wanted)


class TestCancel:
    def test_what_is_not_read_stops_and_what_is_ready_stays(
        self, stores: Stores, knowledge_base: KnowledgeBase
    ) -> None:
        ingestion = begin(stores, knowledge_base, expected=3)
        join(stores, knowledge_base, ingestion, "a.md", b"Ink costs four euros.")
        work(stores, knowledge_base)
        join(stores, knowledge_base, ingestion, "b.md", b"Paper costs two euros.")
        join(stores, knowledge_base, ingestion, "c.md", b"Toner costs nine euros.")

        assert cancel_ingestion(stores, knowledge_base.organization_id, ingestion) == 2
        work(stores, knowledge_base)

        stopped = look(stores, knowledge_base, ingestion)
        assert (stopped.state, stopped.ready, stopped.cancelled) == ("cancelled", 1, 2)

        assert resume_ingestion(stores, knowledge_base.organization_id, ingestion) == 2
        work(stores, knowledge_base)
        assert (look(stores, knowledge_base, ingestion).state, look(stores, knowledge_base, ingestion).ready) == (
            "done",
            3,
        )
