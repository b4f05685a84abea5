"""Rows of several tables written by one statement: each by itself would be a way to the database and back.

A statement of this kind is built once for its shape and then only filled, because building one with SQLAlchemy costs more than
sending it.
"""

import functools
from typing import Any, cast

from sqlalchemy import CTE, Insert, Table, bindparam, insert
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from storage.postgres.models.base import Base

# A row's name in the statement, its table, and the columns that are given.
RowShape = tuple[str, Table, tuple[str, ...]]


class NewRows:
    """Rows that are in no session, by names that are theirs in the statement; they are written in any order.

    Attributes:
        shapes: What the statement looks like.
        parameters: What it is filled with.
    """

    def __init__(self) -> None:
        self.shapes: tuple[RowShape, ...] = ()
        self.parameters: dict[str, Any] = {}

    def add(self, name: str, row: Base) -> None:
        """Add a row; defaults of Python are filled in.

        Args:
            name: Unlike the others'.
            row: Its values are plain: an expression would be another statement.

        Raises:
            ValueError: The name is taken, or a value is an expression.
        """
        if any(name == taken for taken, _, _ in self.shapes):
            raise ValueError(f"A row is named {name!r} already")
        table = cast(Table, row.__table__)
        values = _values_of(row, table)
        for column, value in values.items():
            if isinstance(value, ClauseElement):
                raise ValueError(f"{table.name}.{column} is an expression; only plain values can be written here")
            self.parameters[f"{name}_{column}"] = value
        self.shapes += ((name, table, tuple(values)),)


def ctes_of(shapes: tuple[RowShape, ...]) -> tuple[CTE, ...]:
    """The insertions of rows as parts of another statement, which is executed with their parameters."""
    return tuple(_insert_of(shape).cte(shape[0]) for shape in shapes)


@functools.lru_cache(maxsize=256)
def insertion(shapes: tuple[RowShape, ...]) -> Insert:
    """One statement that writes rows of these shapes."""
    *others, last = shapes
    return _insert_of(last).add_cte(*ctes_of(tuple(others))) if others else _insert_of(last)


def _insert_of(shape: RowShape) -> Insert:
    name, table, columns = shape
    return insert(table).values(
        {column: bindparam(f"{name}_{column}", type_=table.c[column].type) for column in columns}
    )


def _values_of(row: Base, table: Table) -> dict[str, Any]:
    values = {name: value for name, value in vars(row).items() if not name.startswith("_")}
    for column in table.columns:
        default = column.default
        if column.key in values or default is None:
            continue
        if default.is_scalar:
            values[column.key] = cast(ScalarElementColumnDefault, default).arg
        elif default.is_callable:
            values[column.key] = cast(Any, default).arg(None)
    return values
