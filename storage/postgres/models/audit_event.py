"""The audit log: who changed what, when."""

import uuid

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Created, JsonObject, OrganizationOwned


class AuditEvent(OrganizationOwned, Created, Base):
    """One change. Append-only: the application may insert and read, never update or delete."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_organization_id_created_at", "organization_id", "created_at"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, sort_order=-10)
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    api_key_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("api_keys.id", ondelete="SET NULL"))
    action: Mapped[str] = mapped_column(String(100))
    subject_type: Mapped[str] = mapped_column(String(50))
    subject_id: Mapped[uuid.UUID | None]
    details: Mapped[JsonObject] = mapped_column(default=dict, server_default="{}")
