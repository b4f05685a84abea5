"""Declarative base, naming conventions and the columns that many tables share."""

import enum
import uuid
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Insert, MetaData, Table, Text, insert, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.sql.schema import ScalarElementColumnDefault

JsonObject = dict[str, Any]


class Base(DeclarativeBase):
    """Base of every table. Check constraints keep the name they are given; other names follow the convention."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "%(constraint_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - read by SQLAlchemy, never changed
        uuid.UUID: UUID(as_uuid=True),
        datetime: DateTime(timezone=True),
        str: Text(),
        JsonObject: JSONB(),
        list[str]: ARRAY(Text()),
        list[uuid.UUID]: ARRAY(UUID(as_uuid=True)),
    }


class Identified:
    """A UUID primary key."""

    id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, default=uuid.uuid4, server_default=text("gen_random_uuid()"), sort_order=-10
    )


class Created:
    """When the row was written, in UTC."""

    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"), sort_order=90)


class Timestamped(Created):
    """When the row was written and last changed, in UTC."""

    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"), onupdate=text("now()"), sort_order=91)


class OrganizationOwned:
    """A row of exactly one organization: forced row-level security shows it to nobody else."""

    organization_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE"), index=True, sort_order=-9
    )


def insertion(row: Base) -> Insert:
    """Inserts a row that is in no session; as a CTE it is part of a statement that writes several rows or tables.

    One row, because SQLAlchemy compiles an INSERT of several anew each time. Defaults of Python are filled in: the compiler
    would give those of two tables the same name.
    """
    table = cast(Table, row.__table__)
    return insert(table).values(_values_of(row, table))


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


def one_of(column: str, values: type[enum.StrEnum], *, name: str | None = None) -> CheckConstraint:
    """A check that `column` holds one of the enumeration's values.

    Args:
        column: Column name.
        values: The enumeration.
        name: Constraint name; `valid_<column>` unless given.
    """
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=name or f"valid_{column}")
