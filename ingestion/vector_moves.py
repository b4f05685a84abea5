"""Makes vector tables follow documents that moved to another knowledge base."""

import uuid
from collections import defaultdict
from collections.abc import Sequence

import structlog
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import SQLAlchemyError

from ingestion import outbox
from ingestion.live_index import table_spec
from ingestion.manifests import write_manifest
from storage.errors import StorageError
from storage.expected_rows import expected_rows
from storage.lance.writer_lock import writer_lock
from storage.postgres.models.index_manifest import IndexManifest
from storage.postgres.models.index_version import IndexVersion
from storage.postgres.models.outbox_event import OutboxEvent, OutboxState
from storage.postgres.session import organization_session, owner_session
from storage.records.vector import VectorRow
from storage.stores import Stores

log = structlog.get_logger(__name__)

_VERSIONS_PER_COMMIT = 64
_PAUSE_S = 5.0


def follow_pending(stores: Stores, organization_id: uuid.UUID | None = None) -> int:
    """Deliver all `vector.move` events that are due, many documents in one commit of a table.

    Args:
        stores: The stores.
        organization_id: Only this organization's.

    Returns:
        How many were delivered.
    """
    delivered = 0
    while events := _next_due(stores, organization_id):
        ids = [event.id for event in events]
        try:
            _follow(stores, events[0].organization_id, [event.subject_id for event in events])
        except (StorageError, SQLAlchemyError) as error:
            log.warning("vector_move_failed", events=len(ids), error=type(error).__name__)
            _postpone(stores, ids, type(error).__name__)
            continue
        # Delivered twice by two workers, it is done twice with the same result.
        with owner_session(stores.owner) as session:
            session.execute(
                update(OutboxEvent)
                .where(OutboxEvent.id.in_(ids))
                .values(state=OutboxState.DELIVERED, delivered_at=func.now(), error=None)
            )
        delivered += len(ids)
    return delivered


def _next_due(stores: Stores, organization_id: uuid.UUID | None) -> Sequence[OutboxEvent]:
    """The oldest event that is due, with others of its organization."""
    is_due = [
        OutboxEvent.topic == outbox.VECTOR_MOVE,
        OutboxEvent.state == OutboxState.PENDING,
        OutboxEvent.run_after <= func.now(),
    ]
    with owner_session(stores.owner) as session:
        if organization_id is None:
            organization_id = session.scalar(
                select(OutboxEvent.organization_id).where(*is_due).order_by(OutboxEvent.run_after).limit(1)
            )
        if organization_id is None:
            return []
        return session.scalars(
            select(OutboxEvent)
            .where(*is_due, OutboxEvent.organization_id == organization_id)
            .order_by(OutboxEvent.run_after, OutboxEvent.id)
            .limit(_VERSIONS_PER_COMMIT)
        ).all()


def _follow(stores: Stores, organization_id: uuid.UUID, version_ids: Sequence[uuid.UUID]) -> None:
    with organization_session(stores.app, organization_id) as session:
        indexes = session.scalars(
            select(IndexVersion).where(IndexVersion.dropped_at.is_(None)).order_by(IndexVersion.number)
        ).all()
    for index in indexes:
        # Whatever else is written to the table waits, so the rows are those of this moment.
        with writer_lock(stores.app, index.table_name):
            _rewrite(stores, index, version_ids)


def _rewrite(stores: Stores, index: IndexVersion, version_ids: Sequence[uuid.UUID]) -> None:
    """Write the rows of those versions again that the index holds."""
    with organization_session(stores.app, index.organization_id) as session:
        held = session.scalars(
            select(IndexManifest.document_version_id).where(
                IndexManifest.index_version_id == index.id, IndexManifest.document_version_id.in_(version_ids)
            )
        ).all()
        rows: dict[uuid.UUID, list[VectorRow]] = defaultdict(list)
        for expected in expected_rows(session, index, version_ids=held) if held else ():
            rows[expected.document_version_id].append(expected.row)
    if not rows:
        return
    lance_version, contents = stores.vectors.replace_versions(table_spec(index), rows)
    with organization_session(stores.app, index.organization_id) as session:
        for version_id, found in contents.items():
            write_manifest(session, index, version_id, lance_version=lance_version, contents=found)


def _postpone(stores: Stores, ids: Sequence[uuid.UUID], error: str) -> None:
    with owner_session(stores.owner) as session:
        session.execute(
            update(OutboxEvent)
            .where(OutboxEvent.id.in_(ids))
            .values(
                attempts=OutboxEvent.attempts + 1,
                error=error,
                run_after=func.now() + text("make_interval(secs => :pause)").bindparams(pause=_PAUSE_S),
            )
        )
