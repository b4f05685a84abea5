"""Tests of the vector store, on real LanceDB."""

import threading
import uuid
from pathlib import Path

import numpy as np
import pytest

from storage.errors import IndexMismatchError, IndexUnavailableError, StorageError
from storage.lance.contents import VersionContents
from storage.lance.schema import TableSpec
from storage.lance.store import VectorStore
from storage.records.vector import VectorRow

SPEC = TableSpec("org_a_v1", "model-a", 4)
BASE = uuid.uuid4()


@pytest.fixture
def uri(tmp_path: Path) -> str:
    return str(tmp_path / "lance")


@pytest.fixture
def store(uri: str) -> VectorStore:
    return VectorStore(uri)


def rows(*vectors: tuple[float, float, float, float], base: uuid.UUID = BASE) -> list[VectorRow]:
    return [VectorRow(uuid.uuid4(), base, np.array(vector, dtype=np.float32), "term", "1:en") for vector in vectors]


def query(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.array(values, dtype=np.float32)


class TestReplaceVersion:
    def test_reads_back_what_was_written(self, store: VectorStore) -> None:
        version, written = uuid.uuid4(), rows((1, 0, 0, 0), (0, 1, 0, 0))

        lance_version, contents = store.replace_version(SPEC, version, written)

        assert lance_version > 1
        expected = VersionContents.of([row.chunk_id for row in written])
        assert (contents.row_count, contents.digest) == (2, expected.digest)
        assert store.contents(SPEC.name)[version].digest == expected.digest

    def test_again_gives_the_same(self, store: VectorStore) -> None:
        version, written = uuid.uuid4(), rows((1, 0, 0, 0))
        store.replace_version(SPEC, version, rows((0, 0, 1, 0)))
        store.replace_version(SPEC, version, written)

        store.replace_version(SPEC, version, written)

        assert store.contents(SPEC.name)[version].chunk_ids == (written[0].chunk_id,)

    def test_leaves_other_versions_alone(self, store: VectorStore) -> None:
        one, two = uuid.uuid4(), uuid.uuid4()
        store.replace_version(SPEC, one, rows((1, 0, 0, 0)))

        store.replace_version(SPEC, two, rows((0, 1, 0, 0)))

        assert {version: found.row_count for version, found in store.contents(SPEC.name).items()} == {one: 1, two: 1}

    def test_syncs_every_new_file(self, store: VectorStore, uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
        import os

        synced: set[str] = set()
        real = os.fsync

        def note(descriptor: int) -> None:
            synced.add(os.readlink(f"/proc/self/fd/{descriptor}"))
            real(descriptor)

        monkeypatch.setattr(os, "fsync", note)
        version = uuid.uuid4()
        store.replace_version(SPEC, version, rows((1, 0, 0, 0), (0, 1, 0, 0)))

        store.replace_version(SPEC, version, rows((0, 0, 1, 0)))

        table = Path(uri) / f"{SPEC.name}.lance"
        assert {str(path) for path in [table, *table.rglob("*")]} <= synced

    @pytest.mark.parametrize("other", [TableSpec(SPEC.name, "model-b", 4), TableSpec(SPEC.name, "model-a", 8)])
    def test_another_model_is_refused(self, store: VectorStore, other: TableSpec) -> None:
        store.replace_version(SPEC, uuid.uuid4(), rows((1, 0, 0, 0)))

        with pytest.raises(IndexMismatchError, match=r"`model-a`, dimension 4.*`model-[ab]`, dimension [48]"):
            store.replace_version(other, uuid.uuid4(), [])


class TestSearch:
    def test_best_first_by_cosine(self, store: VectorStore) -> None:
        written = rows((0, 1, 0, 0), (3, 0, 0, 0), (1, 1, 0, 0))
        store.replace_version(SPEC, uuid.uuid4(), written)

        found = store.search(SPEC.name, query(2, 0, 0, 0), limit=2)

        assert [hit.chunk_id for hit in found] == [written[1].chunk_id, written[2].chunk_id]
        assert found[0].score == pytest.approx(1.0)
        assert found[1].score == pytest.approx(2**-0.5, abs=1e-3)  # vectors in memory have half precision

    def test_only_the_given_knowledge_bases(self, store: VectorStore) -> None:
        other = uuid.uuid4()
        mine, theirs = rows((0, 1, 0, 0)), rows((1, 0, 0, 0), base=other)
        store.replace_version(SPEC, uuid.uuid4(), mine + theirs)

        found = store.search(SPEC.name, query(1, 0, 0, 0), limit=5, knowledge_base_ids=[BASE])

        assert [hit.chunk_id for hit in found] == [mine[0].chunk_id]
        assert store.search(SPEC.name, query(1, 0, 0, 0), limit=5, knowledge_base_ids=[]) == []

    def test_a_filter_takes_uuids_only(self, store: VectorStore) -> None:
        store.replace_version(SPEC, uuid.uuid4(), rows((1, 0, 0, 0)))
        hostile = ["x') OR knowledge_base_id != ('"]

        with pytest.raises(StorageError, match="UUIDs only"):
            store.search(SPEC.name, query(1, 0, 0, 0), limit=5, knowledge_base_ids=hostile)  # type: ignore[arg-type]

    def test_another_dimension_is_refused(self, store: VectorStore) -> None:
        store.replace_version(SPEC, uuid.uuid4(), rows((1, 0, 0, 0)))

        with pytest.raises(IndexMismatchError, match="dimension 4; expected dimension 2"):
            store.search(SPEC.name, query(1, 0), limit=5)

    def test_another_model_is_refused(self, store: VectorStore) -> None:
        store.replace_version(SPEC, uuid.uuid4(), rows((1, 0, 0, 0)))

        with pytest.raises(IndexMismatchError, match="expected `model-b`"):
            store.search(SPEC.name, query(1, 0, 0, 0), limit=5, embedding_model="model-b")

    def test_a_missing_table(self, store: VectorStore) -> None:
        with pytest.raises(IndexUnavailableError, match="pixel verify"):
            store.search("org_nobody_v1", query(1, 0, 0, 0), limit=5)

    def test_another_process_sees_a_commit_at_once(self, store: VectorStore, uri: str) -> None:
        store.replace_version(SPEC, uuid.uuid4(), rows((1, 0, 0, 0)))
        reader = VectorStore(uri)
        assert len(reader.search(SPEC.name, query(1, 0, 0, 0), limit=5)) == 1

        store.replace_version(SPEC, uuid.uuid4(), rows((0, 1, 0, 0)))

        assert len(reader.search(SPEC.name, query(1, 0, 0, 0), limit=5)) == 2

    def test_a_reader_follows_a_rebuild(self, store: VectorStore, uri: str) -> None:
        for _ in range(3):
            store.replace_version(SPEC, uuid.uuid4(), rows((1, 0, 0, 0)))
        reader = VectorStore(uri)
        assert len(reader.search(SPEC.name, query(1, 0, 0, 0), limit=5)) == 3

        store.create(SPEC)
        fresh = rows((0, 1, 0, 0))
        store.replace_version(SPEC, uuid.uuid4(), fresh)

        assert [hit.chunk_id for hit in reader.search(SPEC.name, query(1, 0, 0, 0), limit=5)] == [fresh[0].chunk_id]

    def test_many_threads(self, store: VectorStore) -> None:
        store.replace_version(SPEC, uuid.uuid4(), rows((1, 0, 0, 0), (0, 1, 0, 0)))
        counts: list[int] = []

        def ask() -> None:
            for _ in range(10):
                counts.append(len(store.search(SPEC.name, query(1, 0, 0, 0), limit=5)))

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for number in range(5):
            store.replace_version(SPEC, uuid.UUID(int=number), rows((0, 0, 1, 0)))
        for thread in threads:
            thread.join()

        assert len(counts) == 80
        assert min(counts) >= 2


class TestTornManifest:
    def test_is_unavailable_until_made_anew(self, store: VectorStore, uri: str) -> None:
        store.replace_version(SPEC, uuid.uuid4(), rows((1, 0, 0, 0)))
        for path in (Path(uri) / f"{SPEC.name}.lance" / "_versions").iterdir():
            path.write_bytes(path.read_bytes()[:5])
        later = VectorStore(uri)

        with pytest.raises(IndexUnavailableError, match=SPEC.name):
            later.contents(SPEC.name)
        with pytest.raises(IndexUnavailableError):
            later.replace_version(SPEC, uuid.uuid4(), rows((1, 0, 0, 0)))
        later.create(SPEC)

        assert later.contents(SPEC.name) == {}


class TestRemoveVersion:
    def test_removes_its_rows(self, store: VectorStore) -> None:
        version = uuid.uuid4()
        store.replace_version(SPEC, version, rows((1, 0, 0, 0), (0, 1, 0, 0)))

        assert store.remove_version(SPEC.name, version) == 2
        assert store.contents(SPEC.name) == {}

    def test_a_missing_table_holds_none(self, store: VectorStore) -> None:
        assert store.remove_version("org_nobody_v1", uuid.uuid4()) == 0


class TestCompact:
    def test_many_small_files_become_few(self, store: VectorStore, uri: str) -> None:
        kept = [rows((1, 0, 0, float(number))) for number in range(70)]
        for number, written in enumerate(kept):
            store.add_rows(SPEC, uuid.UUID(int=number), written)

        assert store.compact(SPEC.name)

        assert not store.compact(SPEC.name)
        assert len(store.contents(SPEC.name)) == 70


class TestDrop:
    def test_twice(self, store: VectorStore) -> None:
        store.replace_version(SPEC, uuid.uuid4(), rows((1, 0, 0, 0)))

        store.drop(SPEC.name)
        store.drop(SPEC.name)

        assert not store.is_listed(SPEC.name)

    @pytest.mark.parametrize("name", ["../x", "a/b", "", "a b", "täble"])
    def test_a_name_is_no_path(self, store: VectorStore, name: str) -> None:
        with pytest.raises(StorageError, match="no table name"):
            store.drop(name)
