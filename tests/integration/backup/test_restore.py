"""A restored installation is the one that was backed up; what was erased stays erased."""

import json
import threading
import uuid
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from storage.backup.drill import compare_searches
from storage.backup.errors import RestoreError
from storage.backup.figures import table_figures
from storage.backup.folder import backup_names
from storage.backup.manifest import DATABASE, MANIFEST, POOL, part_of, read_manifest, stored_files, write_manifest
from storage.backup.restore import restore
from storage.erasure.errors import ErasureError
from storage.erasure.ledger import ledger_file
from storage.erasure.proof import search_of
from storage.postgres import embedded
from storage.postgres.client_tools import client_tool, run_tool
from storage.postgres.migrate import downgrade, is_current, migrate
from storage.postgres.models.document import Document
from storage.postgres.models.erasure import Erasure
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.postgres.models.registry import metadata
from storage.postgres.session import organization_session, owner_session
from storage.postgres.urls import database_urls
from storage.reconciler import verify
from storage.settings import StorageSettings
from storage.stores import Stores
from tests.factories.knowledge import make_knowledge_base
from tests.integration.backup.conftest import Place
from tests.integration.erasure.conftest import dump_hits, files_of


def damage(path: Path) -> None:
    """Change one byte in the middle."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


class TestRestoring:
    def test_everything_is_as_it_was(self, place: Place, elsewhere: StorageSettings, opened: Stores) -> None:
        manifest = place.back_up()
        report = restore(place.root, elsewhere)
        assert (report.backup, report.passed_over, report.index_drift_rows) == (manifest.name, (), 0)
        assert 0 < report.recovery_seconds < 60

        embedded.start(elsewhere)
        with place.stores.owner.connect() as before, opened.owner.connect() as after:
            assert table_figures(after) == table_figures(before) == manifest.tables
        assert sorted(opened.files.stored()) == sorted(place.stores.files.stored())
        assert verify(opened, heal=False).drift_before == 0
        compared, identical = compare_searches(place.stores, opened)
        assert compared == identical > 0

    def test_row_level_security_holds_as_before(self, place: Place, elsewhere: StorageSettings, opened: Stores) -> None:
        place.back_up()
        restore(place.root, elsewhere)
        embedded.start(elsewhere)
        with organization_session(opened.app, place.scene.organization_id) as session:
            assert len(session.scalars(select(Document.id)).all()) == 2
        with organization_session(opened.app, uuid.uuid4()) as session:
            assert session.scalars(select(Document.id)).all() == []
        with Session(opened.app) as session, pytest.raises(DBAPIError):
            session.scalars(select(Document)).all()
        owned = {name for name, table in metadata.tables.items() if "organization_id" in table.columns}
        with opened.owner.connect() as connection:
            forced = set(connection.scalars(text("SELECT relname FROM pg_class WHERE relforcerowsecurity")))
        assert owned - forced == set()
        with (
            pytest.raises(DBAPIError, match="permission denied"),
            organization_session(opened.app, place.scene.organization_id) as session,
        ):
            session.execute(text("UPDATE audit SET action = 'x'"))

    def test_a_home_with_data_is_refused_and_stays(self, place: Place) -> None:
        place.back_up()
        with pytest.raises(RestoreError, match="holds an installation already"):
            restore(place.root, place.settings)
        assert len(place.scene.documents()) == 2

    def test_a_failed_replacement_puts_back_what_was_there(
        self, place: Place, elsewhere: StorageSettings, opened: Stores
    ) -> None:
        manifest = place.back_up()
        restore(place.root, elsewhere)
        wrong = {**manifest.tables, "documents": manifest.tables["chunks"]}
        write_manifest(place.root / manifest.name, manifest.model_copy(update={"tables": wrong}))

        with pytest.raises(RestoreError, match="differs from the backup's manifest in documents"):
            restore(place.root, elsewhere, replace=True)

        embedded.start(elsewhere)
        with opened.owner.connect() as connection:
            assert table_figures(connection) == manifest.tables
        assert not (elsewhere.home_path / "before-restore").exists()


class TestAnOlderBackup:
    def test_it_is_brought_to_this_versions_schema(
        self, place: Place, elsewhere: StorageSettings, opened: Stores
    ) -> None:
        made = place.back_up()
        folder, owner = place.root / made.name, place.stores.owner
        downgrade(place.settings, "0012")
        try:
            dump = [str(client_tool("pg_dump", owner)), "--format=custom", "--enable-row-security", "--no-owner"]
            run_tool([*dump, f"--file={folder / DATABASE}"], database_urls(place.settings).owner)
            with owner.connect() as connection:
                tables = table_figures(connection)
        finally:
            migrate(place.settings)
        parts = tuple(part_of(folder / part.name) for part in made.parts)
        older = {"schema_revision": "0012", "tables": tables, "parts": parts}
        write_manifest(folder, made.model_copy(update=older))

        restore(place.root, elsewhere)

        embedded.start(elsewhere)
        assert is_current(elsewhere)
        with organization_session(opened.app, place.scene.organization_id) as session:
            assert len(session.scalars(select(Document.id)).all()) == 2


class TestAForgedBackup:
    @pytest.mark.parametrize("path", ["../../outside", "/etc/passwd", f"{'a' * 36}/aa/../../{'b' * 64}"])
    def test_a_path_cannot_lead_out_of_the_pool(self, place: Place, elsewhere: StorageSettings, path: str) -> None:
        made = place.back_up()
        folder = place.root / made.name
        (folder / "files.jsonl").write_text(json.dumps({"path": path, "size": 1, "sha256": "0"}) + "\n")
        parts = tuple(part_of(folder / part.name) for part in made.parts)
        write_manifest(folder, made.model_copy(update={"parts": parts}))
        with pytest.raises(RestoreError, match="is no list of stored files"):
            restore(place.root, elsewhere)

    def test_a_manifest_under_another_name_is_refused(self, place: Place, elsewhere: StorageSettings) -> None:
        made = place.back_up()
        (place.root / made.name).rename(place.root / f"9{made.name}")
        with pytest.raises(RestoreError, match="holds the manifest of"):
            restore(place.root, elsewhere)


class TestConcurrentWrites:
    def test_a_backup_is_one_moment(self, place: Place, elsewhere: StorageSettings, opened: Stores) -> None:
        stop, written = threading.Event(), 0

        def write() -> None:
            nonlocal written
            while not stop.is_set():
                with organization_session(place.stores.app, place.scene.organization_id) as session:
                    for half in ("left", "right"):  # both or neither
                        slug = f"{half}-{written}"
                        session.add(KnowledgeBase(organization_id=place.scene.organization_id, name=slug, slug=slug))
                written += 1

        writer = threading.Thread(target=write)
        writer.start()
        try:
            manifest = place.back_up()
        finally:
            stop.set()
            writer.join()
        restore(place.root, elsewhere)

        embedded.start(elsewhere)
        with owner_session(opened.owner) as session:
            slugs = session.scalars(
                select(KnowledgeBase.slug).where(KnowledgeBase.organization_id == place.scene.organization_id)
            ).all()
        left = {slug.split("-")[1] for slug in slugs if slug.startswith("left-")}
        right = {slug.split("-")[1] for slug in slugs if slug.startswith("right-")}
        assert left == right
        assert len(left) < written  # it went on writing
        assert manifest.tables["knowledge_bases"].rows >= len(slugs)


class TestDamage:
    @pytest.mark.parametrize("part", [DATABASE, MANIFEST, "erasures.jsonl", "files.jsonl", "pool"])
    def test_a_damaged_newest_backup_is_passed_over(self, place: Place, elsewhere: StorageSettings, part: str) -> None:
        older = place.back_up()
        make_knowledge_base(place.stores.app, place.scene.organization_id, name="Later")
        if part == "pool":
            before = {path for path in (place.root / POOL).rglob("*") if path.is_file()}
            place.stores.files.put(place.scene.organization_id, "ab" * 32, b"only the newer backup has this file")
            newest = place.back_up()
            (added,) = {path for path in (place.root / POOL).rglob("*") if path.is_file()} - before
            damage(added)
            place.stores.files.delete(place.scene.organization_id, "ab" * 32)
        else:
            newest = place.back_up()
            path = place.root / newest.name / part
            damage(path) if path.stat().st_size else path.write_text("{}\n")

        report = restore(place.root, elsewhere)

        assert report.backup == older.name
        assert len(report.passed_over) == 1
        assert newest.name in report.passed_over[0]

    def test_no_whole_backup_is_said_and_nothing_is_restored(self, place: Place, elsewhere: StorageSettings) -> None:
        only = place.back_up()
        damage(place.root / only.name / DATABASE)
        with pytest.raises(RestoreError, match="holds no whole backup"):
            restore(place.root, elsewhere)
        assert not elsewhere.home_path.exists()

    def test_a_stored_file_that_is_missing_is_noticed(self, place: Place, elsewhere: StorageSettings) -> None:
        only = place.back_up()
        first = next(stored_files(place.root / only.name))
        (place.root / POOL / first.path).unlink()
        with pytest.raises(RestoreError, match="cannot be read"):
            restore(place.root, elsewhere)


class TestErased:
    def test_an_old_backup_does_not_bring_it_back(
        self, place: Place, elsewhere: StorageSettings, opened: Stores
    ) -> None:
        place.back_up()
        row = place.erase_the_secret()
        assert row.state == "completed"

        report = restore(place.root, elsewhere, ledgers=[ledger_file(place.settings)])

        assert report.erasures_applied >= 1
        embedded.start(elsewhere)
        search = search_of(place.scene.evidence)
        assert dump_hits(opened, search) == set()
        for path in files_of(elsewhere.home_path):
            with path.open("rb") as handle:
                assert next(search.found(handle), None) is None, path
        with organization_session(opened.app, place.scene.organization_id) as session:
            assert session.scalars(select(Document.id)).all() == [place.scene.bystander_id]
        with owner_session(opened.owner) as session:
            again = session.get_one(Erasure, row.id)
            assert (again.state, again.targets, again.content_keys) == ("completed", row.targets, row.content_keys)
        assert verify(opened, heal=False).drift_before == 0

    def test_the_ledger_of_a_newer_damaged_backup_is_heeded(
        self, place: Place, elsewhere: StorageSettings, opened: Stores
    ) -> None:
        older = place.back_up()
        place.erase_the_secret()
        damage(place.root / place.back_up().name / DATABASE)
        assert restore(place.root, elsewhere).backup == older.name
        embedded.start(elsewhere)
        assert dump_hits(opened, search_of(place.scene.evidence)) == set()

    def test_a_ledger_that_cannot_be_read_is_no_empty_one(
        self, place: Place, elsewhere: StorageSettings, tmp_path: Path
    ) -> None:
        place.back_up()
        (tmp_path / "ledger.jsonl").write_text('{"id": 3}\n')
        with pytest.raises(ErasureError, match=r"Line 1 of the erasure ledger .* is no entry"):
            restore(place.root, elsewhere, ledgers=[tmp_path / "ledger.jsonl"])
        assert not elsewhere.home_path.exists()


class TestManifest:
    def test_it_names_every_part(self, place: Place) -> None:
        made = place.back_up()
        assert read_manifest(place.root / made.name) == made
        assert [part.name for part in made.parts] == [DATABASE, "erasures.jsonl", "files.jsonl"]
        assert made.tables.keys() == metadata.tables.keys() | {"alembic_version"}
        assert backup_names(place.root) == [made.name]
