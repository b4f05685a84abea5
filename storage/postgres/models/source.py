"""Sources: places that documents come from, again and again."""

import enum
import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Identified, JsonObject, OrganizationOwned, Timestamped, one_of

SYNC_JOB = "sync_source"  # kind of the job that takes in what is new at a source


class SourceKind(enum.StrEnum):
    """What a source is."""

    FOLDER = "folder"
    URLS = "urls"
    SITEMAP = "sitemap"
    BUCKET = "bucket"


class Source(Identified, OrganizationOwned, Timestamped, Base):
    """A folder, list of addresses, sitemap or bucket whose documents go to one knowledge base.

    `settings` says where it is (`storage/records/source_settings.py`), `last_result` what its last run found.
    """

    __tablename__ = "sources"
    __table_args__ = (UniqueConstraint("organization_id", "name"), one_of("kind", SourceKind))

    knowledge_base_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("knowledge_bases.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(20))
    settings: Mapped[JsonObject] = mapped_column(default=dict, server_default="{}")
    is_enabled: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    last_run_at: Mapped[datetime | None]
    last_result: Mapped[JsonObject | None] = mapped_column(JSONB)
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
