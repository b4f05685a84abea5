"""Which document versions an index must hold, holds, and lacks, according to its manifests."""

import hashlib
import uuid
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from storage.postgres.models.document import Document
from storage.postgres.models.document_version import DocumentVersion
from storage.postgres.models.index_manifest import IndexManifest
from storage.postgres.models.index_version import IndexVersion
from storage.postgres.session import AnyRow


@dataclass(frozen=True, slots=True)
class MissingVersion:
    """A current version that an index has no manifest of, and how to find and read its original."""

    version_id: uuid.UUID
    document_id: uuid.UUID
    name: str
    content_hash: str
    declared_type: str | None


def missing_versions(
    session: Session, index: IndexVersion, *, limit: int | None = None, leave_out: Collection[uuid.UUID] = ()
) -> list[MissingVersion]:
    """Current versions of documents that are there, without a manifest in the index, oldest documents first.

    Args:
        session: A session of the organization.
        index: The index version.
        limit: How many at most.
        leave_out: Versions that are known not to be readable.
    """
    has_manifest = exists().where(
        IndexManifest.index_version_id == index.id, IndexManifest.document_version_id == DocumentVersion.id
    )
    statement = (
        select(
            DocumentVersion.id.label("version_id"),
            Document.id.label("document_id"),
            Document.name,
            DocumentVersion.content_hash,
            DocumentVersion.declared_type,
        )
        .join(Document, Document.current_version_id == DocumentVersion.id)
        .where(
            Document.organization_id == index.organization_id,
            Document.tombstoned_at.is_(None),
            ~has_manifest,
            DocumentVersion.id.not_in(list(leave_out)),
        )
        .order_by(Document.created_at, Document.id)
        .limit(limit)
    )
    return [MissingVersion(**row) for row in session.execute(statement).mappings()]


def gone_versions(session: Session, index: IndexVersion) -> list[uuid.UUID]:
    """Versions that the index has a manifest of, and that are not current any more or whose document was taken away."""
    is_current = exists().where(
        Document.current_version_id == IndexManifest.document_version_id, Document.tombstoned_at.is_(None)
    )
    return list(
        session.scalars(
            select(IndexManifest.document_version_id)
            .where(IndexManifest.index_version_id == index.id, ~is_current)
            .order_by(IndexManifest.document_version_id)
        )
    )


def count_current(session: Session, organization_id: uuid.UUID) -> int:
    """How many documents can be read."""
    return (
        session.scalar(
            select(func.count()).where(
                Document.organization_id == organization_id,
                Document.current_version_id.is_not(None),
                Document.tombstoned_at.is_(None),
            )
        )
        or 0
    )


def contents_mark(session: Session, index: IndexVersion) -> str:
    """A hash of all that the index's manifests say; two equal marks mean the same contents."""
    total = hashlib.sha256()
    for row in _manifests(session, index):
        total.update(row.document_version_id.bytes + row.row_count.to_bytes(8, "big") + row.digest)
    return total.hexdigest()


def held_versions(session: Session, index: IndexVersion) -> set[uuid.UUID]:
    """Versions that the index has a manifest of."""
    return {row.document_version_id for row in _manifests(session, index)}


def _manifests(session: Session, index: IndexVersion) -> list[AnyRow]:
    statement = (
        select(IndexManifest.document_version_id, IndexManifest.row_count, IndexManifest.digest)
        .where(IndexManifest.index_version_id == index.id)
        .order_by(IndexManifest.document_version_id)
    )
    return list(session.execute(statement).all())
