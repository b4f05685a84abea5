"""The organization's live index version, made when its first document comes."""

import uuid

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from ingestion.embedding.embedder import Embedder
from storage.lance.schema import TableSpec
from storage.postgres.models.index_version import IndexStatus, IndexVersion


def ensure_live_index(
    session: Session, organization_id: uuid.UUID, *, embedder: Embedder, chunker: str
) -> IndexVersion:
    """The live index version; made if there is none.

    Args:
        session: A session of the organization.
        organization_id: The organization.
        embedder: Whose vectors a new index holds.
        chunker: Name of the chunker, noted in a new index.
    """
    session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"pixel:index:{organization_id}"}
    )
    versions = select(IndexVersion).where(IndexVersion.organization_id == organization_id)
    live = session.scalars(versions.where(IndexVersion.status == IndexStatus.LIVE)).one_or_none()
    if live is not None:
        return live
    newest = session.scalar(
        select(func.max(IndexVersion.number)).where(IndexVersion.organization_id == organization_id)
    )
    number = (newest or 0) + 1
    live = IndexVersion(
        organization_id=organization_id,
        number=number,
        status=IndexStatus.LIVE,
        table_name=f"org_{organization_id.hex}_v{number}",
        embedding_model=embedder.model,
        dimension=embedder.dimension,
        chunker=chunker[:50],
        promoted_at=func.now(),
    )
    session.add(live)
    session.flush()
    return live


def table_spec(index: IndexVersion) -> TableSpec:
    """The vector table of an index version."""
    return TableSpec(name=index.table_name, embedding_model=index.embedding_model, dimension=index.dimension)
