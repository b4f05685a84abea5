"""Step 7 of the ingest protocol: removes the vectors of versions that nobody can read any more."""

import uuid

import structlog
from sqlalchemy import ColumnElement, Engine, func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ingestion import outbox
from ingestion.crash_points import reach
from storage.errors import StorageError
from storage.lance.writer_lock import writer_lock
from storage.postgres.models.document import Document
from storage.postgres.models.document_version import DocumentVersion, VersionState
from storage.postgres.models.index_manifest import IndexManifest
from storage.postgres.models.index_version import IndexVersion
from storage.postgres.models.outbox_event import OutboxEvent, OutboxState
from storage.postgres.session import owner_session
from storage.stores import Stores

log = structlog.get_logger(__name__)

_LONGEST_PAUSE_S = 300


def remove_pending(stores: Stores, organization_id: uuid.UUID | None = None) -> int:
    """Deliver all `vector.delete` events that are due.

    Args:
        stores: The stores.
        organization_id: Only this organization's.

    Returns:
        How many were delivered.
    """
    delivered = 0
    while (event_id := _next_due(stores.owner, organization_id)) is not None:
        try:
            delivered += _deliver(stores, event_id)
        except (StorageError, SQLAlchemyError) as error:
            log.warning("vector_delete_failed", event_id=str(event_id), error=type(error).__name__)
            _postpone(stores, event_id, type(error).__name__)
    return delivered


def _is_due(organization_id: uuid.UUID | None) -> list[ColumnElement[bool]]:
    conditions = [
        OutboxEvent.topic == outbox.VECTOR_DELETE,
        OutboxEvent.state == OutboxState.PENDING,
        OutboxEvent.run_after <= func.now(),
    ]
    if organization_id is not None:
        conditions.append(OutboxEvent.organization_id == organization_id)
    return conditions


def _next_due(owner: Engine, organization_id: uuid.UUID | None) -> uuid.UUID | None:
    query = select(OutboxEvent.id).where(*_is_due(organization_id)).order_by(OutboxEvent.run_after, OutboxEvent.id)
    with owner_session(owner) as session:
        return session.scalar(query.limit(1).with_for_update(skip_locked=True))


def _deliver(stores: Stores, event_id: uuid.UUID) -> int:
    with owner_session(stores.owner) as session:
        event = session.scalars(
            select(OutboxEvent)
            .where(OutboxEvent.id == event_id, OutboxEvent.state == OutboxState.PENDING)
            .with_for_update(skip_locked=True)
        ).one_or_none()
        if event is None:  # another worker has it, or was faster
            return 0
        for index_id, table_name in _tables(session, event):
            # The lock is the one that a flip holds, so the version cannot become current while its rows go.
            with writer_lock(stores.app, table_name):
                if _is_readable(session, event.subject_id):
                    continue
                stores.vectors.remove_version(table_name, event.subject_id)
                _forget_manifest(session, index_id, event.subject_id)
        reach("after_vector_delete")
        if not _is_readable(session, event.subject_id):
            version = session.get(DocumentVersion, event.subject_id)
            if version is not None:
                version.vectors_removed_at = func.now()
        event.state, event.delivered_at, event.error = OutboxState.DELIVERED, func.now(), None
    return 1


def _tables(session: Session, event: OutboxEvent) -> list[tuple[uuid.UUID, str]]:
    rows = session.execute(
        select(IndexVersion.id, IndexVersion.table_name)
        .where(IndexVersion.organization_id == event.organization_id, IndexVersion.dropped_at.is_(None))
        .order_by(IndexVersion.number)
    )
    return [(row.id, row.table_name) for row in rows]


def _is_readable(session: Session, version_id: uuid.UUID) -> bool:
    """Whether the version is its document's current one: it was given again and came back."""
    found = session.scalar(
        select(DocumentVersion.id)
        .join(Document, Document.current_version_id == DocumentVersion.id)
        .where(
            DocumentVersion.id == version_id,
            DocumentVersion.state == VersionState.READY,
            Document.tombstoned_at.is_(None),
        )
    )
    return found is not None


def _forget_manifest(session: Session, index_id: uuid.UUID, version_id: uuid.UUID) -> None:
    for manifest in session.scalars(
        select(IndexManifest).where(
            IndexManifest.index_version_id == index_id, IndexManifest.document_version_id == version_id
        )
    ):
        session.delete(manifest)


def _postpone(stores: Stores, event_id: uuid.UUID, error: str) -> None:
    with owner_session(stores.owner) as session:
        event = session.get(OutboxEvent, event_id, with_for_update=True)
        if event is None or event.state != OutboxState.PENDING:
            return
        event.attempts += 1
        event.error = error
        pause = min(2.0**event.attempts, _LONGEST_PAUSE_S)
        event.run_after = func.now() + text("make_interval(secs => :pause)").bindparams(pause=pause)
