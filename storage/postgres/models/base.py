"""Declarative base, naming conventions and the columns that many tables share."""

import enum
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, MetaData, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

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


def one_of(column: str, values: type[enum.StrEnum], *, name: str | None = None) -> CheckConstraint:
    """A check that `column` holds one of the enumeration's values.

    Args:
        column: Column name.
        values: The enumeration.
        name: Constraint name; `valid_<column>` unless given.
    """
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=name or f"valid_{column}")
