"""Makes a backup: the database at one moment, then the files, then the manifest."""

import os
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import structlog
from sqlalchemy.orm import Session

from storage.backup.durable_files import copy_hashed, sync_file, sync_tree
from storage.backup.errors import BackupError
from storage.backup.figures import Snapshot, TableFigures, exported_snapshot, table_figures
from storage.backup.folder import PARTIAL, known_digests, opened_for_backup, remove_old
from storage.backup.keys import copy_keys, secret_files
from storage.backup.manifest import (
    DATABASE,
    FILES,
    LEDGER,
    POOL,
    Manifest,
    Part,
    StoredFile,
    part_of,
    write_manifest,
)
from storage.erasure.ledger import LedgerEntry, entries, write_entries
from storage.errors import FileMissingError
from storage.postgres.client_tools import client_tool, run_tool
from storage.postgres.urls import database_urls
from storage.stores import Stores

log = structlog.get_logger(__name__)

_REVISION = "SELECT version_num FROM alembic_version"


def back_up(stores: Stores, root: Path, *, keep: int | None = None, keys: Path | None = None) -> Manifest:
    """Make a backup in a folder. Work goes on meanwhile: what is committed later belongs to the next one.

    Vector tables, the warehouse and Dagster's database are left out: they are made again from what is here.

    Args:
        stores: The stores.
        root: The folder; made when it is missing. Files that an earlier backup copied are not copied again.
        keep: How many backups are kept, this one included; all of them unless given.
        keys: Where secret keys of the home go; they are left out unless given.

    Returns:
        The manifest.

    Raises:
        BackupError: The folder is not ours or cannot be written, the disk is full, a program is missing or too old.
            Nothing is left that could be taken for a backup.
    """
    try:
        with opened_for_backup(root):
            manifest = _Backup(stores, root, keys).make()
            if keep is not None:
                remove_old(root, keep=keep)
            return manifest
    except OSError as error:
        raise BackupError(
            f"The backup to {root} could not be written: {error.strerror or error}. "
            "Free some space or make the folder writable, then make the backup again."
        ) from error


class _Backup:
    """One backup on its way."""

    def __init__(self, stores: Stores, root: Path, keys: Path | None) -> None:
        self._stores = stores
        self._root = root
        self._keys = keys
        self._started = datetime.now(UTC)
        self._clock = time.monotonic()
        self._name = f"{self._started:%Y%m%dT%H%M%S-%f}Z"  # names sort by time, also within a second
        self._folder = root / f"{PARTIAL}{self._name}"

    def make(self) -> Manifest:
        """Write all parts under a name that no restore looks at, then give the folder its own."""
        self._folder.mkdir()
        try:
            with exported_snapshot(self._stores.owner) as snapshot:
                figures, ledger, revision, version = self._database(snapshot)
            copied, listed = self._files()
            names, note = self._secret_keys()
            manifest = Manifest(
                name=self._name,
                started_at=self._started,
                snapshot_at=snapshot.taken_at,
                finished_at=datetime.now(UTC),
                seconds=round(time.monotonic() - self._clock, 3),
                schema_revision=revision,
                server_version=version,
                owner_role=database_urls(self._stores.settings).owner.username or "",
                app_role=database_urls(self._stores.settings).app_role,
                parts=self._parts(),
                tables=figures,
                file_count=len(listed),
                file_bytes=sum(file.size for file in listed),
                files_copied=copied,
                erasures=len(ledger),
                newest_erasure_at=max((entry.created_at for entry in ledger), default=None),
                keys=tuple(names),
                keys_note=note,
            )
            write_manifest(self._folder, manifest)
            sync_tree(self._folder)
            self._folder.rename(self._root / self._name)
            sync_tree(self._root / self._name)
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        log.info("backup_made", name=self._name, rows=manifest.rows, files=manifest.file_count)
        return manifest

    def _database(self, snapshot: Snapshot) -> tuple[dict[str, TableFigures], list[LedgerEntry], str, str]:
        """Dump the moment of the snapshot, and what is needed to recognize it."""
        connection = snapshot.connection
        revision = str(connection.exec_driver_sql(_REVISION).scalar_one())
        version = str(connection.exec_driver_sql("SHOW server_version").scalar_one())
        target = self._folder / DATABASE
        run_tool(
            [
                str(client_tool("pg_dump", self._stores.owner)),
                "--format=custom",
                "--compress=1",
                f"--snapshot={snapshot.name}",
                # The owner is bound by row-level security as well; its own policy shows it every row.
                "--enable-row-security",
                "--no-owner",
                "--no-password",
                "--exclude-schema=analytics*",  # the warehouse is built again
                f"--file={target}",
            ],
            database_urls(self._stores.settings).owner,
        )
        os.chmod(target, 0o600)
        sync_file(target)
        figures = table_figures(connection)
        ledger = entries(Session(connection))
        write_entries(self._folder / LEDGER, ledger)
        return figures, ledger, revision, version

    def _files(self) -> tuple[int, list[StoredFile]]:
        """Copy stored files that the pool lacks. They are immutable, so copying them later gives a superset."""
        pool, known, copied = self._root / POOL, known_digests(self._root), 0
        pool.mkdir(exist_ok=True)
        listed: list[StoredFile] = []
        for organization_id, key, size in self._stores.files.stored():
            path = f"{organization_id}/{key[:2]}/{key}"
            target = pool / path
            noted = known.get(path)
            if noted is None or noted[0] != size or not target.is_file() or target.stat().st_size != size:
                try:
                    with self._stores.files.open(organization_id, key) as source:
                        noted = copy_hashed(source, target)
                except FileMissingError:  # erased since it was listed
                    continue
                copied += 1
            listed.append(StoredFile(path=path, size=noted[0], sha256=noted[1]))
        with (self._folder / FILES).open("w", encoding="utf-8") as handle:
            handle.writelines(f"{file.model_dump_json()}\n" for file in listed)
            handle.flush()
            os.fsync(handle.fileno())
        sync_tree(pool)
        return copied, listed

    def _secret_keys(self) -> tuple[list[str], str]:
        home = self._stores.settings.home_path
        found = secret_files(home)
        if not found:
            return [], "the installation keeps no secret keys in files"
        if self._keys is None:
            return [], f"{len(found)} secret keys are left out; `--keys FOLDER` copies them to a folder of their own"
        return copy_keys(home, self._keys, backup_root=self._root), f"secret keys were copied to {self._keys}"

    def _parts(self) -> tuple[Part, ...]:
        return tuple(part_of(self._folder / name) for name in (DATABASE, LEDGER, FILES))
