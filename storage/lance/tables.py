"""Open handles of LanceDB tables, shared by the threads of a process."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from storage.errors import IndexMismatchError, IndexUnavailableError, StorageError

if TYPE_CHECKING:
    import pyarrow as pa
    from lancedb.db import DBConnection
    from lancedb.table import Table

Result = TypeVar("Result")

_FAILURES = (ValueError, RuntimeError, OSError)  # what LanceDB raises for tables that are missing or torn
_LISTING_LIMIT = 100_000
_CLOCK_TICK_NS = 50_000_000


class Tables:
    """Connects on first use and keeps one handle per table."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._is_local = "://" not in uri
        self._database: DBConnection | None = None
        self._handles: dict[str, Table] = {}
        self._lock = threading.Lock()

    def open(self, name: str) -> Table:
        """The table's handle; raises IndexUnavailableError when it is missing or unreadable."""
        _check_name(name)
        table = self._handles.get(name)
        if table is None:
            try:
                table = self._connect().open_table(name)
            except _FAILURES as error:
                raise _unavailable(name, error) from error
            with self._lock:
                table = self._handles.setdefault(name, table)
        return table

    def read(self, name: str, action: Callable[[Table], Result]) -> Result:
        """Run a read; once more with a fresh handle if it fails: another process may have rebuilt the table.

        Raises:
            IndexUnavailableError: It failed twice.
        """
        try:
            return action(self.open(name))
        except IndexMismatchError:
            raise
        except (*_FAILURES, IndexUnavailableError):
            self.forget(name)
        try:
            return action(self.open(name))
        except _FAILURES as error:
            raise _unavailable(name, error) from error

    @contextlib.contextmanager
    def writing(self, name: str) -> Iterator[None]:
        """Turn LanceDB's errors of a write into IndexUnavailableError, and open the table anew next time."""
        try:
            yield
        except _FAILURES as error:
            self.forget(name)
            raise _unavailable(name, error) from error

    def create(self, name: str, schema: pa.Schema) -> Table:
        """Make an empty table."""
        _check_name(name)
        table = self._connect().create_table(name, schema=schema)
        with self._lock:
            self._handles[name] = table
        return table

    def is_listed(self, name: str) -> bool:
        """Whether the store has a table of this name, readable or not."""
        return name in self._connect().list_tables(limit=_LISTING_LIMIT).tables

    def stamp(self, name: str) -> tuple[int, int] | None:
        """Changes with every commit to a local table; None where that cannot be told without asking Lance.

        Asking Lance for the newest version takes longer than a search in memory.
        """
        path = self.local_path(name)
        if path is None:
            return None
        try:
            status = os.stat(path / "_versions")
        except OSError:
            return None
        # Two commits within one tick of the file system's clock have the same time.
        is_settled = time.time_ns() - status.st_mtime_ns > _CLOCK_TICK_NS
        return (status.st_ino, status.st_mtime_ns) if is_settled else None

    def forget(self, name: str) -> None:
        """Open the table anew next time."""
        with self._lock:
            self._handles.pop(name, None)

    def drop(self, name: str) -> None:
        """Remove a table and its files; no error when it is missing."""
        _check_name(name)
        self.forget(name)
        try:
            self._connect().drop_table(name)
        except (ValueError, FileNotFoundError):
            return
        except (RuntimeError, OSError) as error:
            raise StorageError(f"Vector table `{name}` could not be removed: {error}.") from error

    def local_path(self, name: str) -> Path | None:
        """The table's folder on this machine; None on an object store, which needs no fsync."""
        return Path(self._uri) / f"{name}.lance" if self._is_local else None

    def _connect(self) -> DBConnection:
        with self._lock:
            if self._database is None:
                os.environ.setdefault("LANCE_LOG", "error")  # it warns about every table that it makes
                import lancedb  # heavy

                if self._is_local:
                    Path(self._uri).mkdir(parents=True, exist_ok=True)
                # Zero: every read looks for the newest commit, so a flip is seen by all processes at once.
                self._database = lancedb.connect(self._uri, read_consistency_interval=timedelta(0))
            return self._database


def _check_name(name: str) -> None:
    if not name.replace("_", "").isalnum() or not name.isascii():
        raise StorageError(f"`{name}` is no table name: letters, digits and underscores only.")


def _unavailable(name: str, error: Exception) -> IndexUnavailableError:
    return IndexUnavailableError(
        f"Vector table `{name}` is missing or unreadable ({type(error).__name__}). "
        "Run `pixel verify` to rebuild it from Postgres; no document is lost."
    )
