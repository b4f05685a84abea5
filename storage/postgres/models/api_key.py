"""API keys of programs."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Created, Identified, OrganizationOwned, one_of
from storage.postgres.models.member import Role


class ApiKey(Identified, OrganizationOwned, Created, Base):
    """A program's key `pk_<prefix>_<secret>`: shown once, kept as SHA-256 (the secret has 256 bits of entropy).

    `group_ids` are the groups whose documents it may read; one with the role of an owner reads every document.
    """

    __tablename__ = "api_keys"
    __table_args__ = (one_of("role", Role),)

    name: Mapped[str] = mapped_column(String(100))
    prefix: Mapped[str] = mapped_column(String(16), unique=True)
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    role: Mapped[str] = mapped_column(String(20))
    group_ids: Mapped[list[uuid.UUID] | None]
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
