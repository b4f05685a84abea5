"""The passages that an answer was given."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Identified, JsonObject, OrganizationOwned


class ReceiptPassage(Identified, OrganizationOwned, Base):
    """One retrieved passage of one receipt: where it stood, what each retriever gave it, whether it was cited.

    The receipt outlives the chunk: an erased document empties the foreign keys and the quotes, and `erased_at` says when.
    """

    __tablename__ = "receipt_passages"
    __table_args__ = (UniqueConstraint("receipt_id", "rank"),)

    receipt_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("receipts.id", ondelete="CASCADE"))
    rank: Mapped[int]
    rank_before_rerank: Mapped[int]
    chunk_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("chunks.id", ondelete="SET NULL"), index=True)
    document_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("documents.id", ondelete="SET NULL"))
    document_version_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("document_versions.id", ondelete="SET NULL"), index=True
    )
    text_hash: Mapped[str] = mapped_column(String(64))
    page: Mapped[int | None]
    boxes: Mapped[list[list[float]] | None] = mapped_column(JSONB)
    char_start: Mapped[int]
    char_end: Mapped[int]
    scores: Mapped[JsonObject]
    citation: Mapped[int | None]
    quotes: Mapped[list[str]] = mapped_column(default=list, server_default="{}")
    erased_at: Mapped[datetime | None]
