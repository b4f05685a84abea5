"""Gates: a sound candidate passes, every kind of poison is refused by the gate that is there for it."""

import uuid
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import delete, func, select, update

from evals.datasets.labels import load_labels
from evals.gates.run import run_gates
from ingestion.errors import GatesNotPassedError, IndexVersionError
from ingestion.index_builds.build import build, create_index_version
from ingestion.index_builds.gate_record import GateRecord
from ingestion.index_builds.promotion import promote
from ingestion.index_builds.request import BuildRequest
from ingestion.intake import tombstone
from ingestion.live_index import table_spec
from ingestion.worker import run_until_idle
from storage.expected_rows import expected_rows
from storage.postgres.models.chunk import Chunk
from storage.postgres.models.document import Document
from storage.postgres.models.embedding import Embedding
from storage.postgres.models.index_manifest import IndexManifest
from storage.postgres.models.index_version import IndexVersion
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.postgres.models.organization import Organization
from storage.postgres.models.retrieval_label import RetrievalLabel
from storage.postgres.session import organization_session
from storage.records.vector import VectorRow
from storage.stores import Stores
from tests.factories.embedding_models import make_tiny_model
from tests.factories.knowledge import FAST, give, make_knowledge_base

TOPICS = ("gardens", "engines", "archives", "kitchens", "bridges", "harbours", "orchards", "tunnels")


def text_of(topic: str) -> str:
    """Some sentences that only one document says."""
    return f"# {topic.title()}\n\n" + " ".join(
        f"Rule number {n} of the {topic} says that the {topic} are closed on the {n} of every month."
        for n in range(1, 13)
    )


class Candidate:
    """A candidate of an organization, and ways to do it harm."""

    def __init__(self, stores: Stores, base: KnowledgeBase, request: BuildRequest) -> None:
        self.stores, self.base = stores, base
        self.organization_id = base.organization_id
        made = create_index_version(stores, base.organization_id, request, settings=FAST)
        self.index: IndexVersion = build(stores, base.organization_id, made.id, settings=FAST)

    def judged(self) -> GateRecord:
        return run_gates(self.stores.settings, self.organization_id, self.index.id)

    def rows(self) -> list[tuple[uuid.UUID, VectorRow]]:
        with organization_session(self.stores.app, self.organization_id) as session:
            return [(row.document_version_id, row.row) for row in expected_rows(session, self.index)]

    def drop_row(self) -> None:
        self.stores.vectors.remove_chunks(self.index.table_name, [self.rows()[0][1].chunk_id])

    def double_row(self) -> None:
        version_id, row = self.rows()[0]
        self.stores.vectors.add_rows(table_spec(self.index), version_id, [row])

    def add_foreign_row(self) -> None:
        row = replace(self.rows()[0][1], chunk_id=uuid.uuid4(), knowledge_base_id=self.base.id)
        self.stores.vectors.add_rows(table_spec(self.index), uuid.uuid4(), [row])

    def shuffle_vectors(self) -> None:
        """Each passage gets the vector of another: count and ids are as they must be."""
        rows = self.rows()
        vectors = [rows[(number + 1) % len(rows)][1].vector for number in range(len(rows))]
        self.stores.vectors.create(table_spec(self.index))
        for (version_id, row), vector in zip(rows, vectors, strict=True):
            moved = replace(row, vector=vector)
            self.stores.vectors.add_rows(table_spec(self.index), version_id, [moved])

    def move_to_another_base(self) -> None:
        version_id, row = self.rows()[0]
        self.stores.vectors.remove_chunks(self.index.table_name, [row.chunk_id])
        self.stores.vectors.add_rows(table_spec(self.index), version_id, [replace(row, knowledge_base_id=uuid.uuid4())])

    def lose_stored_vector(self) -> None:
        with organization_session(self.stores.app, self.organization_id) as session:
            one = select(Chunk.text_hash).where(Chunk.chunking == self.index.chunker).limit(1).scalar_subquery()
            session.execute(delete(Embedding).where(Embedding.text_hash == one))

    def lose_table(self) -> None:
        self.stores.vectors.drop(self.index.table_name)


@pytest.fixture
def base(stores: Stores, organization: Organization) -> KnowledgeBase:
    """Eight documents in a live index."""
    made = make_knowledge_base(stores.app, organization.id)
    for topic in TOPICS:
        give(stores, made, text_of(topic), uri=f"file:docs/{topic}.md")
    run_until_idle(stores, organization_id=organization.id, settings=FAST)
    return made


@pytest.fixture
def candidate(stores: Stores, base: KnowledgeBase) -> Candidate:
    """A sound candidate that cuts smaller."""
    return Candidate(stores, base, BuildRequest(chunk_tokens=60))


class TestRunGates:
    def test_a_sound_candidate_passes_all_and_may_go_live(self, candidate: Candidate) -> None:
        record = candidate.judged()
        assert record.not_passed == ()
        assert [result.name for result in record.results] == [
            "row_reconciliation", "freshness", "leak_canaries", "latency", "retrieval_quality",
        ]  # fmt: skip
        assert "sentences that must find their document" in record.results[-1].detail
        flipped = promote(candidate.stores, candidate.organization_id, candidate.index.id, settings=FAST)
        assert flipped.live_id == candidate.index.id

    @pytest.mark.parametrize(
        ("poison", "gates"),
        [
            (Candidate.drop_row, {"row_reconciliation"}),
            (Candidate.double_row, {"row_reconciliation"}),
            (Candidate.add_foreign_row, {"row_reconciliation", "leak_canaries"}),
            (Candidate.shuffle_vectors, {"row_reconciliation"}),
            (Candidate.move_to_another_base, {"row_reconciliation"}),
            (Candidate.lose_stored_vector, {"row_reconciliation"}),
            (Candidate.lose_table, {"row_reconciliation", "latency", "retrieval_quality"}),
        ],
    )
    def test_poison_is_refused(
        self, candidate: Candidate, poison: Callable[[Candidate], None], gates: set[str]
    ) -> None:
        poison(candidate)
        record = candidate.judged()
        assert gates <= set(record.not_passed)
        with pytest.raises(GatesNotPassedError, match="did not pass"):
            promote(candidate.stores, candidate.organization_id, candidate.index.id, settings=FAST)

    def test_a_model_that_hears_nothing_is_refused_for_its_quality(
        self, stores: Stores, base: KnowledgeBase, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        deaf = make_tiny_model(tmp_path_factory.mktemp("deaf") / "deaf", seed=5, dimension=2)
        record = Candidate(stores, base, BuildRequest(model=str(deaf))).judged()
        assert record.not_passed == ("retrieval_quality",)
        assert record.results[-1].measured is not None
        assert record.results[-1].measured < 0

    def test_a_document_that_the_build_could_not_read_is_not_fresh(self, candidate: Candidate) -> None:
        with organization_session(candidate.stores.app, candidate.organization_id) as session:
            version_id = session.scalars(select(IndexManifest.document_version_id).limit(1)).first()
            session.execute(
                delete(IndexManifest).where(
                    IndexManifest.index_version_id == candidate.index.id,
                    IndexManifest.document_version_id == version_id,
                )
            )
            session.execute(
                update(IndexVersion)
                .where(IndexVersion.id == candidate.index.id)
                .values(progress={"problems": {str(version_id): "it could not be read"}})
            )
        record = candidate.judged()
        assert "freshness" in record.not_passed
        assert "1 current documents are not in it" in record.results[1].detail

    def test_deleted_and_archived_documents_do_not_come_back(self, candidate: Candidate) -> None:
        stores, organization_id = candidate.stores, candidate.organization_id
        archived = make_knowledge_base(stores.app, organization_id, name="Old")
        give(stores, archived, text_of("museums"), uri="file:docs/museums.md")
        run_until_idle(stores, organization_id=organization_id, settings=FAST)
        with organization_session(stores.app, organization_id) as session:
            session.get_one(KnowledgeBase, archived.id).archived_at = func.now()
            gone = session.scalars(select(Document.id).where(Document.name == "gardens.md")).one()
        tombstone(stores, organization_id, gone)
        assert candidate.judged().not_passed == ()

    def test_only_candidates_are_judged(self, candidate: Candidate) -> None:
        with pytest.raises(IndexVersionError, match="is live; gates look at candidates"):
            run_gates(candidate.stores.settings, candidate.organization_id, 1)


class TestLabels:
    def test_judged_places_hold_however_documents_are_cut(self, candidate: Candidate) -> None:
        stores, organization_id = candidate.stores, candidate.organization_id
        with organization_session(stores.app, organization_id) as session:
            rows = session.execute(
                select(Chunk, Document.knowledge_base_id)
                .join(Document, Document.current_version_id == Chunk.document_version_id)
                .where(Chunk.chunking == candidate.index.chunker, Chunk.ordinal == 0)
            ).all()
            for row in rows:
                chunk = row.Chunk
                words = chunk.text.split("\n\n")[1][:80]
                start = chunk.char_start + chunk.text.index(words)
                for relevance, query in ((2, words), (0, "nothing of use")):
                    session.add(
                        RetrievalLabel(
                            organization_id=organization_id, knowledge_base_id=row.knowledge_base_id,
                            document_id=chunk.document_id, document_version_id=chunk.document_version_id, query=query,
                            char_start=start, char_end=start + len(words), relevance=relevance,
                        )
                    )  # fmt: skip
        judged = load_labels(stores.app, organization_id)
        assert {query.query for query in judged} == {row.Chunk.text.split("\n\n")[1][:80] for row in rows}
        record = candidate.judged()
        assert record.not_passed == ()
        assert f"on {len(TOPICS)} judged queries" in record.results[-1].detail
        # A new version of a document has another text: its old labels say nothing of it.
        give(stores, candidate.base, text_of("gardens") + "\n\nOne more rule.", uri="file:docs/gardens.md")
        run_until_idle(stores, organization_id=organization_id, settings=FAST)
        assert len(load_labels(stores.app, organization_id)) == len(TOPICS) - 1
