"""Data keys: what an organization's secrets are encrypted with, themselves wrapped by a key outside the database."""

from sqlalchemy import LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Created, Identified, OrganizationOwned


class DataKey(Identified, OrganizationOwned, Created, Base):
    """One key of one organization. `wrapping_key` names the key that `wrapped` opens with."""

    __tablename__ = "data_keys"
    __table_args__ = (UniqueConstraint("organization_id", "number"),)

    number: Mapped[int]
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    wrapping_key: Mapped[str] = mapped_column(String(16))
