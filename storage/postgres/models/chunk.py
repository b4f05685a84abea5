"""Chunks: the passages of a version, with where each came from."""

import uuid

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Created, OrganizationOwned


class Chunk(OrganizationOwned, Created, Base):
    """One passage. Its id is uuid5 of (organization, version, chunking, ordinal, text hash), so a repeated run writes the same.

    `chunking` names the chunker that cut it; a version may be cut in several ways, one for each index version that wants it.

    `char_start`/`char_end` are offsets into the version's extracted text; `boxes` is a list of
    `[page, left, top, right, bottom]` in points from the page's top left, or null.
    `parent_start`/`parent_end` span what a reader is given around the passage. `flags` are the
    kinds of what the parser found at the passage's place, for example `hidden_text`.
    """

    __tablename__ = "chunks"
    __table_args__ = (UniqueConstraint("document_version_id", "chunking", "ordinal"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, sort_order=-10)
    document_version_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("document_versions.id", ondelete="CASCADE"), index=True
    )
    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), index=True)
    chunking: Mapped[str] = mapped_column(String(50))
    ordinal: Mapped[int]
    text: Mapped[str]
    text_hash: Mapped[str] = mapped_column(String(64), index=True)
    token_count: Mapped[int]
    language: Mapped[str | None] = mapped_column(String(10))
    page_start: Mapped[int | None]
    page_end: Mapped[int | None]
    boxes: Mapped[list[list[float]] | None] = mapped_column(JSONB)
    heading_path: Mapped[list[str]] = mapped_column(default=list, server_default="{}")
    char_start: Mapped[int]
    char_end: Mapped[int]
    parent_start: Mapped[int | None]
    parent_end: Mapped[int | None]
    flags: Mapped[list[str]] = mapped_column(default=list, server_default="{}")
