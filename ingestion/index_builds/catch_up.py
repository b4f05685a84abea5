"""Keeps an index version fresh that is not live: what became current since is added, what is gone is removed."""

import uuid

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.exc import SQLAlchemyError

from ingestion.errors import IngestionError
from ingestion.index_builds.contents import MissingVersion, gone_versions, missing_versions
from ingestion.index_builds.filling import Filler
from ingestion.live_index import target_of
from ingestion.settings import IngestSettings
from storage.errors import StorageError
from storage.lance.writer_lock import writer_lock
from storage.postgres.models.index_manifest import IndexManifest
from storage.postgres.models.index_version import IndexStatus, IndexVersion
from storage.postgres.session import organization_session, owner_session
from storage.records.record import Record
from storage.stores import Stores

log = structlog.get_logger(__name__)

_DOCUMENTS_PER_BATCH = 32
_KEPT_FRESH = (IndexStatus.CANDIDATE, IndexStatus.RETIRED)


class CaughtUp(Record):
    """Document versions that came into an index and that left it."""

    added: int = 0
    removed: int = 0


def catch_up(stores: Stores, index: IndexVersion, *, settings: IngestSettings) -> CaughtUp:
    """Bring an index version up to what Postgres says is current.

    A document that cannot be read is noted with the index version and not tried again; its gate `freshness` tells.

    Args:
        stores: The stores.
        index: The index version.
        settings: Limits of reading.

    Raises:
        StorageError: A store is in trouble; worth trying again.
        ModelUnavailableError: Its model cannot be loaded.
    """
    removed = remove_gone(stores, index)
    unreadable = _unreadable(stores, index)
    filler: Filler | None = None
    try:
        while batch := _missing(stores, index, leave_out=unreadable):
            filler = filler or Filler(stores, target_of(index, settings), settings=settings)
            filler.fill(batch)
            unreadable |= filler.done.problems.keys()
    finally:
        if filler is not None:
            filler.__exit__(None, None, None)
    if filler is None:
        return CaughtUp(removed=removed)
    if filler.done.problems:
        _remember(stores, index, filler.done.problems)
    return CaughtUp(added=filler.done.documents, removed=removed)


def remove_gone(stores: Stores, index: IndexVersion) -> int:
    """Remove the rows of versions that are not current any more; how many versions."""
    with organization_session(stores.app, index.organization_id) as session:
        gone = gone_versions(session, index)
    if not gone:
        return 0
    removed = 0
    # The lock that a flip into this table holds: a version cannot become current here while its rows go.
    with writer_lock(stores.app, index.table_name):
        with organization_session(stores.app, index.organization_id) as session:
            still_gone = set(gone_versions(session, index))
        for version_id in (one for one in gone if one in still_gone):
            stores.vectors.remove_version(index.table_name, version_id)
            with organization_session(stores.app, index.organization_id) as session:
                session.execute(
                    delete(IndexManifest).where(
                        IndexManifest.index_version_id == index.id, IndexManifest.document_version_id == version_id
                    )
                )
            removed += 1
    return removed


def keep_fresh(stores: Stores, *, settings: IngestSettings, organization_id: uuid.UUID | None = None) -> CaughtUp:
    """Catch up every candidate, and every retired version that can be gone back to.

    One that cannot be brought up to date is passed over and logged: it stops neither the others nor the worker.

    Args:
        stores: The stores.
        settings: Limits of reading.
        organization_id: Only this organization's.
    """
    query = select(IndexVersion).where(IndexVersion.status.in_(_KEPT_FRESH), IndexVersion.dropped_at.is_(None))
    if organization_id is not None:
        query = query.where(IndexVersion.organization_id == organization_id)
    with owner_session(stores.owner) as session:
        indexes = session.scalars(query.order_by(IndexVersion.organization_id, IndexVersion.number)).all()
    added = removed = 0
    for index in indexes:
        try:
            done = catch_up(stores, index, settings=settings)
        except (IngestionError, StorageError, SQLAlchemyError) as error:
            log.warning("index_not_caught_up", index_version_id=str(index.id), error=type(error).__name__)
            continue
        added, removed = added + done.added, removed + done.removed
    return CaughtUp(added=added, removed=removed)


def _missing(stores: Stores, index: IndexVersion, *, leave_out: set[uuid.UUID]) -> list[MissingVersion]:
    with organization_session(stores.app, index.organization_id) as session:
        return missing_versions(session, index, limit=_DOCUMENTS_PER_BATCH, leave_out=leave_out)


def _unreadable(stores: Stores, index: IndexVersion) -> set[uuid.UUID]:
    with organization_session(stores.app, index.organization_id) as session:
        progress = session.scalar(select(IndexVersion.progress).where(IndexVersion.id == index.id)) or {}
    return {uuid.UUID(key) for key in progress.get("problems", {})}


def _remember(stores: Stores, index: IndexVersion, problems: dict[uuid.UUID, str]) -> None:
    with organization_session(stores.app, index.organization_id) as session:
        progress = session.scalar(select(IndexVersion.progress).where(IndexVersion.id == index.id).with_for_update())
        told = {**(progress or {}).get("problems", {}), **{str(key): reason for key, reason in problems.items()}}
        session.execute(
            update(IndexVersion)
            .where(IndexVersion.id == index.id)
            .values(progress={**(progress or {}), "problems": told})
        )
