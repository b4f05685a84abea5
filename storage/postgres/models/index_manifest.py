"""Index manifests: what the vector table held when a version was flipped to current."""

import uuid

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Identified, OrganizationOwned, Timestamped


class IndexManifest(Identified, OrganizationOwned, Timestamped, Base):
    """Read back after writing: rows of one document version in one index version, at one Lance version."""

    __tablename__ = "index_manifests"
    __table_args__ = (UniqueConstraint("index_version_id", "document_version_id"),)

    index_version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("index_versions.id", ondelete="CASCADE"))
    document_version_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("document_versions.id", ondelete="CASCADE"), index=True
    )
    lance_version: Mapped[int] = mapped_column(BigInteger)
    row_count: Mapped[int]
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    epoch: Mapped[int] = mapped_column(BigInteger)
