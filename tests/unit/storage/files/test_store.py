"""Tests of the file store."""

import os
import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import FileMissingError, StorageError
from storage.files.store import FileStore, content_key

ORGANIZATION = uuid.uuid4()
KEY = content_key(b"key", b"data")


@pytest.fixture(params=["local", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    return FileStore(str(tmp_path / "files") if request.param == "local" else f"memory://{uuid.uuid4().hex}")


class TestContentKey:
    def test_bytes_and_file_agree(self, tmp_path: Path) -> None:
        path = tmp_path / "x"
        path.write_bytes(b"data" * 1_000_000)

        assert content_key(b"key", path) == content_key(b"key", b"data" * 1_000_000)

    def test_organizations_differ(self) -> None:
        assert content_key(b"one", b"data") != content_key(b"two", b"data")


class TestPut:
    def test_round_trip(self, store: FileStore, tmp_path: Path) -> None:
        assert store.put(ORGANIZATION, KEY, b"data")

        assert store.exists(ORGANIZATION, KEY)
        assert store.read(ORGANIZATION, KEY) == b"data"
        with store.local_copy(ORGANIZATION, KEY, tmp_path) as path:
            assert path.read_bytes() == b"data"

    def test_from_a_file(self, store: FileStore, tmp_path: Path) -> None:
        source = tmp_path / "source"
        source.write_bytes(b"data")

        store.put(ORGANIZATION, KEY, source)

        assert store.read(ORGANIZATION, KEY) == b"data"

    def test_a_second_time_writes_nothing(self, store: FileStore) -> None:
        store.put(ORGANIZATION, KEY, b"data")

        assert not store.put(ORGANIZATION, KEY, b"data")

    def test_another_organization_has_its_own(self, store: FileStore) -> None:
        store.put(ORGANIZATION, KEY, b"data")

        assert not store.exists(uuid.uuid4(), KEY)

    @given(name=st.text(max_size=80))
    def test_no_name_reaches_the_file_system(self, name: str) -> None:
        with pytest.raises(StorageError, match="64 hexadecimal"):
            FileStore("/nonexistent").put(ORGANIZATION, name, b"data")

    def test_a_failed_write_leaves_nothing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        store = FileStore(str(tmp_path / "files"))

        def full(descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)

        with pytest.raises(StorageError, match="No space left on device"):
            store.put(ORGANIZATION, KEY, b"data")
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []

    def test_syncs_the_file_and_every_new_folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        synced: list[str] = []
        real = os.fsync

        def note(descriptor: int) -> None:
            synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
            real(descriptor)

        monkeypatch.setattr(os, "fsync", note)
        root = tmp_path / "files"

        FileStore(str(root)).put(ORGANIZATION, KEY, b"data")

        folder = root / str(ORGANIZATION) / KEY[:2]
        assert synced[0].startswith(str(folder / f".{KEY}"))
        assert synced[1:] == [str(p) for p in (folder, folder.parent, root, tmp_path)]


class TestRead:
    def test_missing(self, store: FileStore) -> None:
        with pytest.raises(FileMissingError, match="not in the file store"):
            store.read(ORGANIZATION, KEY)


class TestDelete:
    def test_twice(self, store: FileStore) -> None:
        store.put(ORGANIZATION, KEY, b"data")

        store.delete(ORGANIZATION, KEY)
        store.delete(ORGANIZATION, KEY)

        assert not store.exists(ORGANIZATION, KEY)


class TestStored:
    def test_every_file_is_listed_with_its_size(self, store: FileStore) -> None:
        other, key = uuid.uuid4(), content_key(b"key", b"more data")
        store.put(ORGANIZATION, KEY, b"data")
        store.put(other, key, b"more data")
        assert sorted(store.stored()) == sorted([(ORGANIZATION, KEY, 4), (other, key, 9)])

    def test_an_empty_store_has_none(self, store: FileStore) -> None:
        assert list(store.stored()) == []


class TestUnfinished:
    def test_what_a_killed_writer_left_is_found_and_is_no_stored_file(self, tmp_path: Path) -> None:
        store = FileStore(str(tmp_path))
        store.put(ORGANIZATION, KEY, b"data")
        left = tmp_path / str(ORGANIZATION) / KEY[:2] / f".{KEY}.0123.tmp"
        left.write_bytes(b"da")
        assert store.unfinished(ORGANIZATION, KEY) == [left]
        assert [key for _, key, _ in store.stored()] == [KEY]

    def test_an_object_store_shows_none(self) -> None:
        assert FileStore("memory://bucket").unfinished(ORGANIZATION, KEY) == []
