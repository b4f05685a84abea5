"""Figures of a database at one moment: rows and a digest of every table."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, Numeric, Text, cast, func, inspect, literal_column, select, text
from sqlalchemy import table as table_named

from storage.records.record import Record


class TableFigures(Record):
    """How many rows a table has, and the sum of the hashes of its rows: two equal tables have the same in any order."""

    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A moment of the database that other connections can see, too, as long as `connection` is open."""

    connection: Connection
    name: str
    taken_at: datetime


@contextlib.contextmanager
def exported_snapshot(owner: Engine) -> Iterator[Snapshot]:
    """Hold one moment of the database while the block runs, whatever is written meanwhile."""
    with owner.connect().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True) as connection:
        row = connection.execute(text("SELECT pg_export_snapshot() AS name, now() AS taken_at")).one()
        yield Snapshot(connection, row.name, row.taken_at)


def table_figures(connection: Connection) -> dict[str, TableFigures]:
    """Figures of every table of the product, as this connection sees them."""
    for setting in ("timezone = 'UTC'", "datestyle = 'ISO, YMD'", "bytea_output = 'hex'", "extra_float_digits = 1"):
        connection.execute(text("SET LOCAL " + setting))
    names = sorted(inspect(connection).get_table_names(schema="public"))
    return {name: _figures(connection, name) for name in names}


def _figures(connection: Connection, name: str) -> TableFigures:
    hashed = cast(func.hashtextextended(cast(literal_column("whole_row"), Text), 0), Numeric)
    source = table_named(name, schema="public").alias("whole_row")
    row = connection.execute(select(func.count(), func.coalesce(func.sum(hashed), 0)).select_from(source)).one()
    return TableFigures(rows=row[0], digest=str(row[1]))
