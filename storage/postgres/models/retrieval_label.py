"""Retrieval labels: which place of which document answers a query, said by a person."""

import uuid

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Created, Identified, OrganizationOwned


class RetrievalLabel(Identified, OrganizationOwned, Created, Base):
    """One judged place: characters `char_start` to `char_end` of a version's extracted text.

    A label points at characters, not at a passage, so it holds however the document is cut. `relevance` is 0 for a
    wrong place, and 1 or more for a right one.
    """

    __tablename__ = "retrieval_labels"
    __table_args__ = (
        CheckConstraint("char_start >= 0 AND char_end > char_start", name="valid_span"),
        CheckConstraint("relevance >= 0", name="valid_relevance"),
    )

    knowledge_base_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("knowledge_bases.id", ondelete="CASCADE"), index=True
    )
    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), index=True)
    document_version_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("document_versions.id", ondelete="CASCADE"), index=True
    )
    query: Mapped[str]
    char_start: Mapped[int]
    char_end: Mapped[int]
    relevance: Mapped[int]
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
