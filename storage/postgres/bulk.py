"""Loads many rows at once: COPY into a table of the transaction, then one INSERT under row-level security.

COPY itself is refused on tables with row-level security, and an INSERT for each row costs a round of planning each.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from psycopg import Connection, sql
from psycopg.types.json import Jsonb
from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Session

from storage.postgres.models.base import Base

_WORTH_IT = 50  # rows; below that a plain INSERT is faster


def table_of(model: type[Base]) -> Table:
    """The table of a model."""
    return cast("Table", model.__table__)


def insert_rows(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; one whose key is there already stays as it is.

    Args:
        session: A session that may write the table; the rows are there when its transaction commits.
        table: The table.
        rows: Values by column name, the same columns in each.
    """
    if not rows:
        return
    if len(rows) < _WORTH_IT:
        session.execute(insert(table).values(list(rows)).on_conflict_do_nothing())
        return
    _copy(session, table, list(rows[0]), rows)


def _copy(session: Session, table: Table, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    connection: Connection[Any] | None = session.connection().connection.driver_connection
    assert connection is not None  # noqa: S101 - a session that is in a transaction has one
    target, spool = sql.Identifier(table.name), sql.Identifier(f"spool_{table.name}")
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    documents = {column.name for column in table.columns if isinstance(column.type, JSONB)}
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("CREATE TEMPORARY TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
                spool, names, target
            )
        )
        cursor.execute(sql.SQL("SELECT {} FROM {}").format(names, spool))
        types = [column.type_code for column in cursor.description or ()]
        with cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(spool, names)) as copy:
            copy.set_types(types)
            for row in rows:
                copy.write_row(
                    [Jsonb(row[name]) if name in documents and row[name] is not None else row[name] for name in columns]
                )
        cursor.execute(
            sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} ON CONFLICT DO NOTHING").format(target, names, names, spool)
        )
        cursor.execute(sql.SQL("DROP TABLE {}").format(spool))
