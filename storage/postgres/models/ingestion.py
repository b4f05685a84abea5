"""Ingestions: documents that were given together, so that their progress can be watched, cancelled and resumed."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, String, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Created, Identified, OrganizationOwned


class Ingestion(Identified, OrganizationOwned, Created, Base):
    """One upload, one run of `pixel ingest`, one sync of a source.

    Where its documents stand is in their versions; `unchanged` counts those that needed no work. `expected` is how many
    will be given, where that is known. `group_ids` restricts who sees it, as with a document: an upload's name tells.
    """

    __tablename__ = "ingestions"

    knowledge_base_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("knowledge_bases.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(String(300))
    expected: Mapped[int | None]
    unchanged: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    group_ids: Mapped[list[uuid.UUID] | None]
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    cancelled_at: Mapped[datetime | None]
