"""Restores a backup: checks it whole, restores the truth, erases again what was erased, and rebuilds what is derived."""

import time
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path

import structlog
from sqlalchemy import text

from storage.backup.durable_files import copy_hashed, sync_tree
from storage.backup.errors import DamagedBackupError, RestoreError
from storage.backup.figures import table_figures
from storage.backup.folder import backup_names
from storage.backup.home import emptied
from storage.backup.keys import restore_keys
from storage.backup.manifest import DATABASE, LEDGER, POOL, Manifest, check_backup, read_manifest, stored_files
from storage.erasure.erase import erase
from storage.erasure.errors import ErasureError
from storage.erasure.ledger import LedgerEntry, ledger_file, read_entries, take_up
from storage.postgres.client_tools import client_tool, run_tool
from storage.postgres.migrate import is_current, migrate
from storage.postgres.models.erasure import ErasureState
from storage.postgres.session import owner_session
from storage.postgres.urls import database_urls
from storage.reconciler import verify
from storage.records.record import Record
from storage.settings import StorageSettings
from storage.stores import Stores, open_stores

log = structlog.get_logger(__name__)


class RestoreReport(Record):
    """What was restored, and how long it took."""

    backup: str
    passed_over: tuple[str, ...]
    tables: int
    rows: int
    files: int
    erasures_applied: int
    index_rows: int
    index_drift_rows: int
    keys_restored: int
    recovery_seconds: float


def choose(root: Path) -> tuple[Manifest, tuple[str, ...]]:
    """The newest whole backup of a folder, and why newer ones were passed over.

    Raises:
        RestoreError: None is whole.
        BackupError: The folder holds no backups.
    """
    passed: list[str] = []
    for name in backup_names(root):
        try:
            manifest = read_manifest(root / name)
            check_backup(root, manifest)
        except DamagedBackupError as error:
            passed.append(f"{name}: {error}")
        else:
            return manifest, tuple(passed)
    raise RestoreError(f"{root} holds no whole backup. {' '.join(passed) or 'None was ever finished.'}")


def restore(
    root: Path,
    settings: StorageSettings,
    *,
    replace: bool = False,
    ledgers: Sequence[Path] = (),
    keys: Path | None = None,
) -> RestoreReport:
    """Restore the newest whole backup of a folder into an installation.

    Args:
        root: The folder that was given to `back_up`.
        settings: Where to; its embedded server is started for this, and left as it was found.
        replace: Whether data that is there may be replaced. It is put back if the restore fails.
        ledgers: Ledgers of erasures that may know more than the backup does; those of the folder's newer backups and of
            the home are always read.
        keys: Folder that the secret keys were copied to.

    Returns:
        What was restored.

    Raises:
        RestoreError: No backup is whole, there is data already, or what was restored is not what was backed up.
        ErasureError: A ledger cannot be read, or something erased could not be erased again: the home is put back.
    """
    started = time.monotonic()
    manifest, passed = choose(root)
    _check_roles(manifest, settings)
    entries = _all_entries(root, [*ledgers, ledger_file(settings)])  # before the home is emptied
    with emptied(settings, replace=replace):
        stores = open_stores(settings)
        try:
            _restore_database(stores, root / manifest.name / DATABASE)
            _compare(stores, manifest)
            files = _restore_files(stores, root, manifest)
            if not is_current(settings):
                migrate(settings)
            applied = _erase_again(stores, entries)
            index = verify(stores, heal=True)
        finally:
            stores.close()
        count = restore_keys(keys, settings.home_path) if keys is not None else 0
        if not index.is_clean:
            raise RestoreError(
                f"{index.index_drift_rows} rows of the vector tables differ from Postgres after restoring."
            )
    report = RestoreReport(
        backup=manifest.name,
        passed_over=passed,
        tables=len(manifest.tables),
        rows=manifest.rows,
        files=files,
        erasures_applied=applied,
        index_rows=sum(table.expected for table in index.after),
        index_drift_rows=index.index_drift_rows,
        keys_restored=count,
        recovery_seconds=round(time.monotonic() - started, 3),
    )
    log.info("backup_restored", name=manifest.name, rows=report.rows, seconds=report.recovery_seconds)
    return report


def _check_roles(manifest: Manifest, settings: StorageSettings) -> None:
    """Grants and policies name roles; under other names they would protect nobody."""
    urls = database_urls(settings)
    here, there = (urls.owner.username, urls.app_role), (manifest.owner_role, manifest.app_role)
    if here != there:
        raise RestoreError(
            f"The backup was made with the roles {' and '.join(there)}; this installation connects as "
            f"{here[0]} and {here[1]}. Use the same role names."
        )


def _all_entries(root: Path, ledgers: Iterable[Path]) -> list[LedgerEntry]:
    paths = [root / name / LEDGER for name in backup_names(root)]
    found: dict[uuid.UUID, LedgerEntry] = {}
    for path in (*paths, *(path for path in ledgers if path.is_file())):
        try:
            lines = read_entries(path)
        except (OSError, UnicodeDecodeError, ErasureError):
            if path not in paths:
                raise
            continue  # of a damaged backup: what it knew, a newer ledger knows as well
        for entry in lines:
            found.setdefault(entry.id, entry)
    return sorted(found.values(), key=lambda entry: (entry.created_at, entry.id))


def _restore_database(stores: Stores, dump: Path) -> None:
    url = database_urls(stores.settings).owner
    run_tool(
        [
            str(client_tool("pg_restore", stores.owner)),
            "--no-owner",
            "--exit-on-error",
            "--single-transaction",
            "--no-password",
            f"--dbname={url.database}",
            str(dump),
        ],
        url,
    )
    with stores.owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


def _compare(stores: Stores, manifest: Manifest) -> None:
    with stores.owner.connect() as connection:
        found = table_figures(connection)
    wrong = sorted(name for name, figures in manifest.tables.items() if found.get(name) != figures)
    if wrong or found.keys() != manifest.tables.keys():
        raise RestoreError(
            f"What was restored differs from the backup's manifest in {', '.join(wrong) or 'its tables'}."
        )


def _restore_files(stores: Stores, root: Path, manifest: Manifest) -> int:
    count, uri = 0, stores.settings.files_uri
    target = Path(uri.removeprefix("file://")) if "://" not in uri or uri.startswith("file://") else None
    for stored in stored_files(root / manifest.name):
        source, parts = root / POOL / stored.path, stored.path.split("/")
        if target is None:
            stores.files.put(uuid.UUID(parts[0]), parts[2], source)
        else:
            with source.open("rb") as handle:
                copy_hashed(handle, target / stored.path)
        count += 1
    if target is not None and target.is_dir():
        sync_tree(target)
    return count


def _erase_again(stores: Stores, entries: Sequence[LedgerEntry]) -> int:
    """Carry every erasure out once more, before anybody can read."""
    with owner_session(stores.owner) as session:
        ids = take_up(session, entries)
    for erasure_id in ids:
        row = erase(stores, erasure_id)
        if row.state != ErasureState.COMPLETED:
            raise ErasureError(f"Erasure {erasure_id} could not be carried out on the restored data: {row.error}.")
    return len(ids)
