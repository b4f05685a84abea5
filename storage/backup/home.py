"""The home that a backup is restored into: whether it is free, and how it is put back when a restore fails."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import inspect, text

from storage.backup.errors import RestoreError
from storage.postgres import embedded
from storage.postgres.engine import owner_engine
from storage.postgres.provision import provision
from storage.settings import StorageSettings

_STORES = ("postgres", "files", "lance")
_EMPTY = ("DROP SCHEMA public CASCADE", "CREATE SCHEMA public", "DROP SCHEMA IF EXISTS analytics CASCADE")
_DERIVED = ("DROP SCHEMA IF EXISTS analytics_staging CASCADE", "DROP SCHEMA IF EXISTS analytics_intermediate CASCADE")


def has_data(settings: StorageSettings) -> bool:
    """Whether an installation lives here already."""
    if settings.database_url is None:
        return any(_is_used(settings.home_path / name) for name in _STORES)
    engine = owner_engine(settings)
    try:
        return bool(inspect(engine).get_table_names(schema="public"))
    finally:
        engine.dispose()


@contextlib.contextmanager
def emptied(settings: StorageSettings, *, replace: bool) -> Iterator[None]:
    """A home without data, its server running, while the block restores into it.

    What was there is set aside and removed at the end; when the block fails, it is put back. An external database cannot
    be set aside: it is emptied.

    Raises:
        RestoreError: There is data, and it may not be replaced.
    """
    if has_data(settings) and not replace:
        raise RestoreError(
            f"{settings.home_path} holds an installation already. Restore `--into` another home, or `--replace` this one."
        )
    was_running = settings.database_url is None and embedded.is_running(settings)
    if was_running:
        embedded.stop(settings)
    aside = _set_aside(settings)
    try:
        _start_empty(settings)
        yield
    except BaseException:
        if settings.database_url is None:
            embedded.stop(settings)
        _put_back(settings, aside)
        if was_running:
            embedded.start(settings)
        raise
    if aside is not None:
        shutil.rmtree(aside)
    if settings.database_url is None and not was_running:
        embedded.stop(settings)


def _start_empty(settings: StorageSettings) -> None:
    if settings.database_url is None:
        embedded.start(settings)
        provision(settings)
        return
    engine = owner_engine(settings)
    try:
        with engine.begin() as connection:
            for statement in (*_EMPTY, *_DERIVED):
                connection.execute(text(statement))
    finally:
        engine.dispose()


def _set_aside(settings: StorageSettings) -> Path | None:
    """Move the stores of the home out of the way; the database first only when it is ours to move."""
    names = [name for name in _STORES if (settings.home_path / name).exists()]
    if settings.database_url is not None:
        names = [name for name in names if name != "postgres"]
    aside = settings.home_path / "before-restore"
    if aside.exists():
        raise RestoreError(
            f"{aside} is left of a restore that was killed: it holds what was here before. "
            "Move its folders back beside it, or remove it, then restore again."
        )
    if not names:
        return None
    aside.mkdir()
    for name in names:
        (settings.home_path / name).rename(aside / name)
    return aside


def _put_back(settings: StorageSettings, aside: Path | None) -> None:
    for name in _STORES:
        if settings.database_url is None or name != "postgres":
            shutil.rmtree(settings.home_path / name, ignore_errors=True)
    if aside is not None:
        for path in aside.iterdir():
            path.rename(settings.home_path / path.name)
        aside.rmdir()


def _is_used(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())
