"""`pixel backup`, `pixel restore`, `pixel drill`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.console import emit, say, warn
from cli.errors import fail

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="folder of backups", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(backup)
    app.command()(restore)
    app.command()(drill)


def backup(
    folder: Folder,
    keep: Annotated[int | None, typer.Option("--keep", min=1, help="whole backups to keep; all unless given")] = None,
    keys: Annotated[
        Path | None, typer.Option("--keys", help="another folder, for the secret keys; left out unless given")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Back up database and files as they are at one moment, while everything goes on running."""
    from cli.environment import workplace
    from storage.backup.backup import back_up

    with workplace() as place:
        made = back_up(place.stores, _absolute(folder), keep=keep, keys=_absolute(keys) if keys else None)
    if as_json:
        emit(made.model_dump(mode="json", exclude={"tables"}) | {"rows": made.rows})
        return
    say(
        f"{made.name}: {made.rows} rows of {len(made.tables)} tables, {made.file_count} files "
        f"({made.files_copied} new) in {made.seconds:.1f} s"
    )
    say(f"  {made.keys_note}")


def restore(
    folder: Folder,
    into: Annotated[Path | None, typer.Option("--into", help="home to restore to; PIXEL_HOME unless given")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="replace the installation that is there")] = False,
    ledger: Annotated[
        list[Path] | None, typer.Option("--ledger", help="a ledger of erasures that is newer than the backup")
    ] = None,
    keys: Annotated[Path | None, typer.Option("--keys", help="folder that the secret keys were copied to")] = None,
    as_json: AsJson = False,
) -> None:
    """Restore the newest whole backup: checked first, erased again what was erased, vector tables rebuilt."""
    from storage.backup.restore import restore as restore_backup
    from storage.erasure.ledger import ledger_file
    from storage.event_log import configure
    from storage.settings import storage_settings

    present = storage_settings()
    settings = present
    if into is not None:
        own = ("database_url", "app_database_url", "dagster_database_url", "files_url", "lance_url")
        settings = present.model_copy(update={"home": _absolute(into), **dict.fromkeys(own)})
    _require_stopped(settings)
    for path in ledger or []:
        if not path.is_file():
            fail(f"There is no ledger {path}; give the file that `pixel erase` or `pixel backup` wrote")
    configure(present, "cli")
    report = restore_backup(
        _absolute(folder),
        settings,
        replace=replace,
        ledgers=[*(ledger or []), ledger_file(present)],
        keys=_absolute(keys) if keys else None,
    )
    if as_json:
        emit(report.model_dump(mode="json"))
        return
    for passed in report.passed_over:
        warn(f"passed over {passed}")
    say(
        f"restored {report.backup}: {report.rows} rows of {report.tables} tables and {report.files} files are as they were; "
        f"{report.erasures_applied} erasures were carried out again; {report.index_rows} vectors rebuilt"
    )
    say(f"recovery took {report.recovery_seconds:.1f} s; start it with PIXEL_HOME={settings.home_path} pixel up")


def drill(
    folder: Annotated[Path | None, typer.Option("--folder", help="folder of backups; PIXEL_BACKUP_FOLDER")] = None,
    as_json: AsJson = False,
) -> None:
    """Back up, restore into a scratch home, compare everything, and write down how long it took."""
    from cli.environment import workplace
    from storage.backup.drill import drill as restore_drill
    from storage.backup.settings import backup_settings

    own = backup_settings()
    with workplace() as place:
        root = _absolute(folder) if folder else own.folder_of(place.settings)
        row = restore_drill(place.stores, root, keep=own.keep)
    if as_json:
        emit({column.key: getattr(row, column.key) for column in row.__table__.columns})
    else:
        _tell(row)
    if not row.is_passed:
        raise typer.Exit(1)
    if row.recovery_seconds is not None and row.recovery_seconds > own.recovery_seconds:
        warn(
            f"recovery took {row.recovery_seconds:.0f} s; PIXEL_BACKUP_RECOVERY_SECONDS allows {own.recovery_seconds:.0f}"
        )
        raise typer.Exit(1)


def _tell(row: Any) -> None:
    if not row.is_passed:
        warn(f"the drill failed: {row.failure}")
        return
    say(
        f"{row.backup}: {row.rows_compared} rows of {row.tables_compared} tables and {row.files_compared} files are equal, "
        f"{row.searches_identical} of {row.searches_compared} searches too; {row.index_drift_rows} rows of drift"
    )
    say(f"backup {row.backup_seconds:.1f} s, recovery {row.recovery_seconds:.1f} s")


def _require_stopped(settings: Any) -> None:
    from cli import catalog, processes

    running = [name for name in catalog.NAMES if processes.running(settings, name) is not None]
    if running:
        fail(f"{', '.join(running)} of {settings.home_path} still run; stop them with `pixel down` first")


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()
