"""Canned replies: texts that people who answer write often."""

import uuid

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Identified, OrganizationOwned, Timestamped


class CannedReply(Identified, OrganizationOwned, Timestamped, Base):
    """One text, found by its shortcut, its title or its words."""

    __tablename__ = "canned_replies"
    __table_args__ = (UniqueConstraint("organization_id", "shortcut"),)

    shortcut: Mapped[str] = mapped_column(String(50))
    title: Mapped[str] = mapped_column(String(255))
    text: Mapped[str]
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
