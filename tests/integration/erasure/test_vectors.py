"""Erasing from vector tables: bytes, older versions, what a killed writer left, and tables with an index."""

import uuid
from pathlib import Path

import lancedb
import numpy as np
import pytest
from lancedb.index import BTree
from sqlalchemy import select

from ingestion.erasing import request_erasure
from storage.erasure.erase import erase
from storage.erasure.leftovers import files_below
from storage.errors import IndexUnavailableError
from storage.lance.erasing import erase_versions
from storage.lance.schema import TableSpec
from storage.lance.store import VectorStore
from storage.postgres.models.erasure import ErasureKind, ErasureState
from storage.postgres.models.index_version import IndexVersion
from storage.postgres.session import owner_session
from storage.reconciler import verify
from storage.records.vector import VectorRow
from tests.integration.erasure.conftest import Scene

SPEC = TableSpec("erasing", "mini", 64)


def rows(count: int, seed: int) -> list[VectorRow]:
    chance = np.random.default_rng(seed)
    base = uuid.uuid4()
    return [
        VectorRow(uuid.uuid4(), base, chance.normal(size=64).astype(np.float32), f"secret{seed}x{number}", "1:en")
        for number in range(count)
    ]


def holds(folder: Path, needle: bytes) -> bool:
    return any(needle in path.read_bytes() for path in files_below(folder))


class TestEraseVersions:
    def test_no_file_keeps_a_byte_and_the_rest_stays(self, tmp_path: Path) -> None:
        store, stays, goes = VectorStore(str(tmp_path)), uuid.uuid4(), uuid.uuid4()
        kept, gone = rows(50, 1), rows(30, 2)
        for version, content in ((stays, kept), (goes, gone), (goes, gone)):  # the second time makes an older version
            store.replace_version(SPEC, version, content)
        needles = [
            piece
            for row in gone
            for piece in (row.vector[:16].tobytes(), str(row.chunk_id).encode(), row.terms.encode())
        ]
        store.compact(SPEC.name)
        assert all(holds(tmp_path, needle) for needle in needles)

        erased = erase_versions(store, str(tmp_path), SPEC.name, [goes])

        assert (erased.rows, erased.is_dropped) == (30, False)
        assert not any(holds(tmp_path, needle) for needle in needles)
        assert {row.chunk_id for row in store.rows(SPEC.name)} == {row.chunk_id for row in kept}
        assert erase_versions(store, str(tmp_path), SPEC.name, [goes]).rows == 0

    def test_what_a_killed_writer_left_goes_too(self, tmp_path: Path) -> None:
        store, stays = VectorStore(str(tmp_path)), uuid.uuid4()
        store.replace_version(SPEC, stays, rows(5, 1))
        orphan = tmp_path / f"{SPEC.name}.lance" / "data" / f"{uuid.uuid4().hex}.lance"
        orphan.write_bytes(rows(1, 3)[0].vector.tobytes())
        erase_versions(store, str(tmp_path), SPEC.name, [uuid.uuid4()])
        assert not orphan.exists()
        assert len(store.rows(SPEC.name)) == 5

    def test_a_missing_table_holds_nothing(self, tmp_path: Path) -> None:
        assert erase_versions(VectorStore(str(tmp_path)), str(tmp_path), "nowhere", [uuid.uuid4()]).rows == 0

    def test_an_unreadable_table_is_said(self, tmp_path: Path) -> None:
        store = VectorStore(str(tmp_path))
        store.replace_version(SPEC, uuid.uuid4(), rows(5, 1))
        for path in (tmp_path / f"{SPEC.name}.lance" / "_versions").iterdir():
            path.write_bytes(b"torn")
        with pytest.raises(IndexUnavailableError):
            erase_versions(VectorStore(str(tmp_path)), str(tmp_path), SPEC.name, [uuid.uuid4()])


class TestATableWithAnIndex:
    def test_it_is_dropped_and_filled_again_without_what_was_erased(self, scene: Scene) -> None:
        stores = scene.stores
        with owner_session(stores.owner) as session:
            name = session.scalars(
                select(IndexVersion.table_name).where(IndexVersion.organization_id == scene.organization_id)
            ).one()
        table = lancedb.connect(stores.settings.lance_uri).open_table(name)
        table.create_index("chunk_id", config=BTree())
        with owner_session(stores.owner) as session:
            row = request_erasure(
                session, scene.organization_id, kind=ErasureKind.DOCUMENT, subject=str(scene.document_id)
            )
            erasure_id = row.id

        done = erase(stores, erasure_id)

        assert (done.state, done.error) == (ErasureState.COMPLETED, None)
        assert scene.places() == set()
        report = verify(stores, heal=False, organization_id=scene.organization_id)
        assert (report.drift_before, report.after[0].found) == (0, report.after[0].expected)
