"""Groups: people and programs of an organization that may read the same restricted documents."""

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Identified, OrganizationOwned, Timestamped


class Group(Identified, OrganizationOwned, Timestamped, Base):
    """A group. `documents.group_ids` says which documents only its members (and owners) may read."""

    __tablename__ = "groups"
    __table_args__ = (UniqueConstraint("organization_id", "slug"),)

    name: Mapped[str] = mapped_column(String(255))
    slug: Mapped[str] = mapped_column(String(100))
