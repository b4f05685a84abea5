"""Members: which user has which role in which organization."""

import enum
import uuid

from sqlalchemy import ForeignKey, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Identified, OrganizationOwned, Timestamped, one_of


class Role(enum.StrEnum):
    """What a member may do; `serving.accounts.roles` maps each to permissions."""

    OWNER = "owner"
    BUILDER = "builder"
    ANALYST = "analyst"
    AGENT = "agent"
    VIEWER = "viewer"


class Member(Identified, OrganizationOwned, Timestamped, Base):
    """One user's membership of one organization."""

    __tablename__ = "members"
    __table_args__ = (UniqueConstraint("organization_id", "user_id"), one_of("role", Role))

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    role: Mapped[str] = mapped_column(String(20))
    is_active: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
