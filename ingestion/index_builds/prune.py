"""Drops index versions that nobody goes back to, with their tables and what only they needed."""

import uuid
from datetime import timedelta

import structlog
from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import Session

from ingestion.errors import IndexVersionError
from ingestion.index_builds.request import find_version
from ingestion.live_index import lock_pointer
from ingestion.settings import IngestSettings, ingest_settings
from storage.lance.writer_lock import writer_lock
from storage.postgres.models.chunk import Chunk
from storage.postgres.models.document_version import DocumentVersion
from storage.postgres.models.embedding import Embedding
from storage.postgres.models.index_manifest import IndexManifest
from storage.postgres.models.index_version import IndexStatus, IndexVersion
from storage.postgres.models.receipt_passage import ReceiptPassage
from storage.postgres.session import organization_session, owner_session
from storage.stores import Stores

log = structlog.get_logger(__name__)

# A question that began on a version which was live a moment ago must find its table.
_GRACE = timedelta(minutes=2)
_IN_USE = (IndexStatus.LIVE, IndexStatus.BUILDING, IndexStatus.CANDIDATE, IndexStatus.RETIRED)


def prune(
    stores: Stores, organization_id: uuid.UUID, *, keep: int | None = None, settings: IngestSettings | None = None
) -> list[int]:
    """Drop retired versions beyond the newest ones.

    Args:
        stores: The stores.
        organization_id: Whose index versions.
        keep: How many retired ones stay; the setting unless given.
        settings: The process's settings unless given.

    Returns:
        Numbers of the versions that were dropped.
    """
    keep = (settings or ingest_settings()).retired_indexes_kept if keep is None else keep
    with organization_session(stores.app, organization_id) as session:
        rows = session.scalars(
            select(IndexVersion)
            .where(IndexVersion.status == IndexStatus.RETIRED, IndexVersion.dropped_at.is_(None))
            .order_by(IndexVersion.retired_at.desc(), IndexVersion.number.desc())
        ).all()
        settled = set(session.scalars(select(IndexVersion.id).where(IndexVersion.retired_at < func.now() - _GRACE)))
    dropped = [row.number for row in rows[keep:] if row.id in settled and _drop(stores, row, IndexStatus.RETIRED)]
    if dropped:
        _forget_unused(stores, organization_id)
    return dropped


def discard(stores: Stores, organization_id: uuid.UUID, reference: uuid.UUID | int) -> int:
    """Drop a candidate that is not wanted, a build that failed, or a retired version at once; its number.

    Raises:
        IndexVersionError: Unknown, live, dropped already, or building just now.
    """
    with organization_session(stores.app, organization_id) as session:
        row = find_version(session, organization_id, reference)
    allowed = (IndexStatus.CANDIDATE, IndexStatus.FAILED, IndexStatus.RETIRED)
    if row.status not in allowed or row.dropped_at is not None:
        state = "dropped already" if row.dropped_at is not None else row.status
        raise IndexVersionError(
            f"Index version {row.number} is {state}; only a candidate, failed or retired one can be dropped."
        )
    if not _drop(stores, row, IndexStatus(row.status)):
        raise IndexVersionError(f"Index version {row.number} changed just now; look again with `pixel index list`.")
    _forget_unused(stores, organization_id)
    return row.number


def prune_all(stores: Stores, *, settings: IngestSettings) -> int:
    """Prune every organization that has more retired versions than are kept; how many were dropped."""
    too_many = (
        select(IndexVersion.organization_id)
        .where(IndexVersion.status == IndexStatus.RETIRED, IndexVersion.dropped_at.is_(None))
        .group_by(IndexVersion.organization_id)
        .having(func.count() > settings.retired_indexes_kept)
    )
    with owner_session(stores.owner) as session:
        organizations = list(session.scalars(too_many))
    return sum(len(prune(stores, organization_id, settings=settings)) for organization_id in organizations)


def _drop(stores: Stores, row: IndexVersion, status: IndexStatus) -> bool:
    """First nobody can go back to it, then its table goes: a crash in between leaves a table, never a pointer to none."""
    with organization_session(stores.app, row.organization_id) as session:
        lock_pointer(session, row.organization_id)
        marked = session.execute(
            update(IndexVersion)
            .where(IndexVersion.id == row.id, IndexVersion.status == status, IndexVersion.dropped_at.is_(None))
            .values(status=IndexStatus.RETIRED, dropped_at=func.now())
            .returning(IndexVersion.id)
        ).one_or_none()
        if marked is None:
            return False
        session.execute(delete(IndexManifest).where(IndexManifest.index_version_id == row.id))
    with writer_lock(stores.app, row.table_name):
        stores.vectors.drop(row.table_name)
    log.info("index_dropped", number=row.number, index_version_id=str(row.id))
    return True


def _forget_unused(stores: Stores, organization_id: uuid.UUID) -> None:
    """Embeddings and passages that no index version needs any more; passages of receipts stay."""
    with organization_session(stores.app, organization_id) as session:
        lock_pointer(session, organization_id)  # a build that begins meanwhile waits, and finds what is left
        kept = _kept(session)
        session.execute(
            delete(Embedding).where(
                Embedding.organization_id == organization_id,
                Embedding.model.not_in([row.embedding_model for row in kept]),
            )
        )
        is_as_read = exists().where(
            DocumentVersion.id == Chunk.document_version_id, DocumentVersion.chunking == Chunk.chunking
        )
        is_told = exists().where(ReceiptPassage.chunk_id == Chunk.id)
        session.execute(
            delete(Chunk).where(
                Chunk.organization_id == organization_id,
                Chunk.chunking.not_in([row.chunker for row in kept]),
                ~is_as_read,
                ~is_told,
            )
        )


def _kept(session: Session) -> list[IndexVersion]:
    return list(
        session.scalars(select(IndexVersion).where(IndexVersion.status.in_(_IN_USE), IndexVersion.dropped_at.is_(None)))
    )
