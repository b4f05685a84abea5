"""A vector table in memory, against an exact scan, while the table changes."""

import uuid
from pathlib import Path

import numpy as np
import pytest

from storage.analysis.analyzer import QueryTerms
from storage.errors import StorageError
from storage.lance import image as image_module
from storage.lance.schema import TableSpec
from storage.lance.store import VectorStore
from storage.records.vector import Candidate, VectorRow

SPEC = TableSpec("table", "mini", 16)
BASES = [uuid.UUID(int=n) for n in range(1, 4)]


def rows(count: int, seed: int, *, terms: str = "word") -> list[VectorRow]:
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(count, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors = vectors.astype(np.float16).astype(np.float32)
    return [VectorRow(uuid.uuid4(), BASES[n % 3], vectors[n], terms, "1:en") for n in range(count)]


def truth(held: list[VectorRow], question: np.ndarray[tuple[int], np.dtype[np.float32]], limit: int) -> list[uuid.UUID]:
    unit = question / np.linalg.norm(question)
    ordered = sorted(held, key=lambda row: (-float(row.vector @ unit), row.chunk_id))
    return [row.chunk_id for row in ordered[:limit]]


def ids(found: list[Candidate]) -> list[uuid.UUID]:
    return [hit.chunk_id for hit in found]


@pytest.fixture
def store(tmp_path: Path) -> VectorStore:
    return VectorStore(str(tmp_path / "lance"))


@pytest.fixture
def question() -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.random.default_rng(5).normal(size=16).astype(np.float32)


@pytest.fixture
def small_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """An index is made from 500 rows on, so that a test need not write 20,000."""
    monkeypatch.setattr(image_module, "EXACT_ROWS", 500)


class TestWhileTheTableChanges:
    def test_added_deleted_and_merged_rows_are_seen_at_once(
        self, store: VectorStore, question: np.ndarray[tuple[int], np.dtype[np.float32]]
    ) -> None:
        versions: dict[uuid.UUID, list[VectorRow]] = {}
        for step in range(12):
            version = uuid.uuid4()
            versions[version] = rows(20, step)
            store.replace_version(SPEC, version, versions[version])
            if step % 3 == 2:
                gone = next(iter(versions))
                store.remove_version(SPEC.name, gone)
                del versions[gone]
            if step == 7:
                store._tables.open(SPEC.name).optimize()
            held = [row for own in versions.values() for row in own]
            assert ids(store.search(SPEC.name, question, limit=15)) == truth(held, question, 15)

    def test_a_single_deleted_row_is_gone(
        self, store: VectorStore, question: np.ndarray[tuple[int], np.dtype[np.float32]]
    ) -> None:
        held = rows(30, 1)
        store.replace_version(SPEC, uuid.uuid4(), held)
        best = truth(held, question, 1)[0]
        assert ids(store.search(SPEC.name, question, limit=1)) == [best]
        store.remove_chunks(SPEC.name, [best])
        assert best not in ids(store.search(SPEC.name, question, limit=30))

    def test_a_table_made_anew_under_its_name_is_read_anew(
        self, store: VectorStore, question: np.ndarray[tuple[int], np.dtype[np.float32]]
    ) -> None:
        store.replace_version(SPEC, uuid.uuid4(), rows(10, 1))
        store.search(SPEC.name, question, limit=1)
        other = VectorStore(store._tables._uri)
        fresh = rows(5, 2)
        other.create(SPEC)
        other.replace_version(SPEC, uuid.uuid4(), fresh)
        assert set(ids(store.search(SPEC.name, question, limit=50))) == {row.chunk_id for row in fresh}


class TestFilters:
    def test_only_the_given_bases_and_versions(
        self, store: VectorStore, question: np.ndarray[tuple[int], np.dtype[np.float32]]
    ) -> None:
        one, two = uuid.uuid4(), uuid.uuid4()
        first, second = rows(30, 1), rows(30, 2)
        store.replace_version(SPEC, one, first)
        store.replace_version(SPEC, two, second)
        found = store.search(SPEC.name, question, limit=60, knowledge_base_ids=[BASES[0]], document_version_ids=[two])
        assert set(ids(found)) == {row.chunk_id for row in second if row.knowledge_base_id == BASES[0]}

    def test_none_of_them_lets_nothing_through(
        self, store: VectorStore, question: np.ndarray[tuple[int], np.dtype[np.float32]]
    ) -> None:
        store.replace_version(SPEC, uuid.uuid4(), rows(5, 1))
        assert store.search(SPEC.name, question, limit=5, document_version_ids=[]) == []
        assert store.search(SPEC.name, question, limit=5, document_version_ids=[uuid.uuid4()]) == []


class TestWithAnIndex:
    @pytest.mark.usefixtures("small_exact")
    def test_it_finds_what_an_exact_scan_finds(self, store: VectorStore) -> None:
        held = rows(3000, 3)
        store.replace_version(SPEC, uuid.uuid4(), held)
        store.load(SPEC.name)
        random = np.random.default_rng(9)
        hits = 0
        for _ in range(40):
            asked = random.normal(size=16).astype(np.float32)
            hits += len(set(ids(store.search(SPEC.name, asked, limit=10))) & set(truth(held, asked, 10)))
        assert hits >= 0.98 * 400

    @pytest.mark.usefixtures("small_exact")
    def test_a_narrow_filter_costs_no_recall(
        self, store: VectorStore, question: np.ndarray[tuple[int], np.dtype[np.float32]]
    ) -> None:
        few = rows(5, 4)
        store.replace_version(SPEC, uuid.uuid4(), rows(3000, 3))
        version = uuid.uuid4()
        store.replace_version(SPEC, version, few)
        store.load(SPEC.name)
        found = store.search(SPEC.name, question, limit=10, document_version_ids=[version])
        assert ids(found) == truth(few, question, 10)


class TestMemory:
    def test_without_room_lance_scans(
        self, tmp_path: Path, question: np.ndarray[tuple[int], np.dtype[np.float32]]
    ) -> None:
        store = VectorStore(str(tmp_path / "lance"), memory_mb=0)
        held = rows(40, 1)
        version = uuid.uuid4()
        store.replace_version(SPEC, version, held)
        assert ids(store.search(SPEC.name, question, limit=10)) == truth(held, question, 10)
        only = [row for row in held if row.knowledge_base_id == BASES[1]]
        found = store.search(
            SPEC.name, question, limit=40, knowledge_base_ids=[BASES[1]], document_version_ids=[version]
        )
        assert ids(found) == truth(only, question, 40)


class TestText:
    def test_best_by_bm25_with_filters(self, store: VectorStore) -> None:
        version = uuid.uuid4()
        plain, twice, other = rows(1, 1, terms="fox"), rows(1, 2, terms="fox dog"), rows(1, 3, terms="cat")
        store.replace_version(SPEC, version, [*plain, *twice, *other])
        found = store.search_text(SPEC.name, QueryTerms(("fox", "dog"), (), 2), limit=10)
        assert ids(found) == [twice[0].chunk_id, plain[0].chunk_id]
        assert (
            store.search_text(SPEC.name, QueryTerms(("fox",), (), 1), limit=10, document_version_ids=[uuid.uuid4()])
            == []
        )

    def test_a_part_of_a_word_counts_less(self, store: VectorStore) -> None:
        whole, part = rows(1, 1, terms="frist"), rows(1, 2, terms="~frist")
        store.replace_version(SPEC, uuid.uuid4(), [*whole, *part])
        found = store.search_text(SPEC.name, QueryTerms(("frist",), ("~frist",), 1), limit=10)
        assert ids(found) == [whole[0].chunk_id, part[0].chunk_id]
        assert found[1].score < found[0].score

    @pytest.mark.parametrize("limit", [0, -1])
    def test_no_limit_no_candidates(self, store: VectorStore, limit: int) -> None:
        store.replace_version(SPEC, uuid.uuid4(), rows(3, 1))
        assert store.search_text(SPEC.name, QueryTerms(("word",), (), 1), limit=limit) == []

    def test_a_filter_takes_uuids_only(self, store: VectorStore) -> None:
        store.replace_version(SPEC, uuid.uuid4(), rows(3, 1))
        hostile = ["x') OR true --"]
        with pytest.raises(StorageError, match="UUIDs only"):
            store.search_text(SPEC.name, QueryTerms(("word",), (), 1), limit=3, knowledge_base_ids=hostile)  # type: ignore[arg-type]
