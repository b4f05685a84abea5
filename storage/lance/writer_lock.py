"""One writer per vector table, across all processes: a Postgres advisory lock on a connection of its own."""

import contextlib
from collections.abc import Callable, Iterator

from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from storage.errors import DatabaseUnavailableError, StorageError

_WAIT = "120s"


@contextlib.contextmanager
def writer_lock(engine: Engine, table_name: str) -> Iterator[Callable[[], None]]:
    """Hold the table's lock while the block runs; it ends with the connection, so a killed writer frees it.

    Args:
        engine: Any engine of the database.
        table_name: The vector table.

    Yields:
        A check to call before trusting what was written: it raises when the lock was lost on the way.

    Raises:
        StorageError: Another writer did not finish in time.
        DatabaseUnavailableError: The connection that held the lock is gone.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        key = {"name": f"pixel:lance:{table_name}"}
        connection.execute(text("SELECT set_config('lock_timeout', :wait, false)"), {"wait": _WAIT})
        try:
            connection.execute(text("SELECT pg_advisory_lock(hashtextextended(:name, 0))"), key)
        except OperationalError as error:
            raise StorageError(
                f"Vector table `{table_name}` was busy for {_WAIT}: another writer holds it. Try again later."
            ) from error

        def check() -> None:
            try:
                connection.execute(text("SELECT 1"))
            except OperationalError as error:
                raise DatabaseUnavailableError(f"The lock of table `{table_name}` was lost.") from error

        try:
            yield check
        finally:
            with contextlib.suppress(OperationalError):  # a broken connection has freed the lock already
                connection.execute(text("SELECT pg_advisory_unlock(hashtextextended(:name, 0))"), key)
                connection.execute(text("RESET lock_timeout"))
