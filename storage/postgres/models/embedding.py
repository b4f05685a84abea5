"""Embeddings: the vectors of texts, kept so that no index rebuild needs the model."""

from sqlalchemy import LargeBinary, PrimaryKeyConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.postgres.models.base import Base, Created, OrganizationOwned


class Embedding(OrganizationOwned, Created, Base):
    """The vector of one text under one model: little-endian float16[dimension], L2-normalized."""

    __tablename__ = "embeddings"
    __table_args__ = (PrimaryKeyConstraint("organization_id", "text_hash", "model"),)

    text_hash: Mapped[str] = mapped_column(String(64))
    model: Mapped[str] = mapped_column(String(100))
    dimension: Mapped[int]
    vector: Mapped[bytes] = mapped_column(LargeBinary)
