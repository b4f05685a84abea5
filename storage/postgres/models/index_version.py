"""Index versions: how passages are embedded and searched, one live per organization."""

import enum
from datetime import datetime

from sqlalchemy import Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Created, Identified, JsonObject, OrganizationOwned, one_of


class IndexStatus(enum.StrEnum):
    """Life of an index version."""

    BUILDING = "building"
    CANDIDATE = "candidate"
    LIVE = "live"
    RETIRED = "retired"


class IndexVersion(Identified, OrganizationOwned, Created, Base):
    """Embedding model + dimension + chunker + settings -> one vector table of the organization."""

    __tablename__ = "index_versions"
    __table_args__ = (
        UniqueConstraint("organization_id", "number"),
        Index("uq_index_versions_live", "organization_id", unique=True, postgresql_where=text("status = 'live'")),
        one_of("status", IndexStatus),
    )

    number: Mapped[int]
    status: Mapped[str] = mapped_column(String(20), default=IndexStatus.BUILDING)
    table_name: Mapped[str] = mapped_column(String(120), unique=True)
    embedding_model: Mapped[str] = mapped_column(String(100))
    dimension: Mapped[int]
    chunker: Mapped[str] = mapped_column(String(50))
    settings: Mapped[JsonObject] = mapped_column(default=dict, server_default="{}")
    promoted_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]
