"""Organizations: the tenants."""

import os

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Identified, JsonObject, Timestamped


class Organization(Identified, Timestamped, Base):
    """A tenant. `hash_key` keys the hashes of its files and texts, so that equal content of two tenants never meets."""

    __tablename__ = "organizations"

    name: Mapped[str] = mapped_column(String(255))
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    hash_key: Mapped[bytes] = mapped_column(LargeBinary, default=lambda: os.urandom(32))
    settings: Mapped[JsonObject] = mapped_column(default=dict, server_default="{}")
