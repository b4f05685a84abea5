"""Documents: one per source location, whatever its versions."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Identified, JsonObject, OrganizationOwned, Timestamped


class Document(Identified, OrganizationOwned, Timestamped, Base):
    """One source (an upload's name, a file's path, a URL). What is readable is its current version.

    `group_ids` are the groups whose members may read it, besides owners; null is everybody in the organization. Row-level
    security decides by it, for its versions, passages and labels, too. `source_state` is what its source said of the content when it was last read: by it an unchanged one is known.
    """

    __tablename__ = "documents"
    __table_args__ = (
        UniqueConstraint("organization_id", "knowledge_base_id", "source_uri"),
        Index("ix_documents_restricted", "organization_id", postgresql_where=text("group_ids IS NOT NULL")),
    )

    knowledge_base_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("knowledge_bases.id", ondelete="CASCADE"), index=True
    )
    source_uri: Mapped[str]
    name: Mapped[str] = mapped_column(String(512))
    current_version_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey(
            "document_versions.id",
            ondelete="SET NULL",
            use_alter=True,
            name="fk_documents_current_version_id",
        )
    )
    tags: Mapped[list[str]] = mapped_column(default=list, server_default="{}")
    custom_metadata: Mapped[JsonObject] = mapped_column(default=dict, server_default="{}")
    group_ids: Mapped[list[uuid.UUID] | None]
    source_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("sources.id", ondelete="SET NULL"), index=True)
    source_state: Mapped[JsonObject] = mapped_column(default=dict, server_default="{}")
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    tombstoned_at: Mapped[datetime | None]
