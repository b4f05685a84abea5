"""The restore drill: backs up, restores into a scratch home, compares, and writes down how long it took."""

import shutil
import tempfile
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

import structlog
from sqlalchemy import and_, select
from sqlalchemy.exc import SQLAlchemyError

from storage.backup.backup import back_up
from storage.backup.errors import RestoreError
from storage.backup.manifest import Manifest
from storage.backup.restore import RestoreReport, restore
from storage.errors import StorageError
from storage.postgres import embedded
from storage.postgres.models.chunk import Chunk
from storage.postgres.models.embedding import Embedding
from storage.postgres.models.index_version import IndexStatus, IndexVersion
from storage.postgres.models.restore_drill import RestoreDrill
from storage.postgres.session import owner_session
from storage.records.vector import Vector, vector_from_bytes
from storage.settings import StorageSettings
from storage.stores import Stores, open_stores

log = structlog.get_logger(__name__)

_SEARCHES = 20
_TOP = 10
_ROOM = 50  # what was added or taken away since the backup is left out of both lists


def drill(stores: Stores, root: Path, *, keep: int | None = None) -> RestoreDrill:
    """Prove that a backup can be restored. Its scratch home is gone afterwards, whatever happens.

    Args:
        stores: The stores to back up.
        root: Where the backup goes; it stays, as any other.
        keep: How many backups are kept.

    Returns:
        The record, as kept in `restore_drills`: it says why if the drill failed.

    Raises:
        SQLAlchemyError: The record cannot be kept, because the database does not answer.
    """
    record = RestoreDrill(
        backup="", is_passed=False, tables_compared=0, rows_compared=0, files_compared=0, index_drift_rows=0,
        searches_compared=0, searches_identical=0,
    )  # fmt: skip
    scratch = Path(tempfile.mkdtemp(prefix="pixel-drill-"))
    settings = _scratch_settings(stores.settings, scratch / "home")
    try:
        _run(stores, root, settings, record, keep=keep)
        record.is_passed = True
    except (StorageError, SQLAlchemyError, OSError) as error:
        record.failure = str(error) if isinstance(error, StorageError) else f"{type(error).__name__}: {error}"[:500]
    finally:
        embedded.stop(settings, immediate=True)
        shutil.rmtree(scratch, ignore_errors=True)
    with owner_session(stores.owner) as session:
        session.add(record)
        session.flush()
        session.refresh(record)
    log.info("restore_drill", passed=record.is_passed, recovery_seconds=record.recovery_seconds)
    return record


def _scratch_settings(settings: StorageSettings, home: Path) -> StorageSettings:
    own = ("database_url", "app_database_url", "dagster_database_url", "files_url", "lance_url")
    return settings.model_copy(update={"home": home, **dict.fromkeys(own)})


def _run(stores: Stores, root: Path, settings: StorageSettings, record: RestoreDrill, *, keep: int | None) -> None:
    manifest = back_up(stores, root, keep=keep)
    record.backup, record.backup_seconds = manifest.name, manifest.seconds
    record.recovery_point_at = manifest.snapshot_at
    record.recovery_point_seconds = (datetime.now(UTC) - manifest.snapshot_at).total_seconds()
    started = time.monotonic()
    report = restore(root, settings)
    record.recovery_seconds = round(time.monotonic() - started, 3)
    _note(record, manifest, report)
    embedded.start(settings)
    restored = open_stores(settings)
    try:
        record.searches_compared, record.searches_identical = compare_searches(stores, restored)
    finally:
        restored.close()
    if record.searches_identical != record.searches_compared:
        raise RestoreError(
            f"{record.searches_compared - record.searches_identical} of {record.searches_compared} searches give other "
            "passages in the restored copy than here."
        )


def _note(record: RestoreDrill, manifest: Manifest, report: RestoreReport) -> None:
    record.tables_compared, record.rows_compared = report.tables, report.rows
    record.files_compared, record.index_drift_rows = report.files, report.index_drift_rows
    if report.backup != manifest.name:
        raise RestoreError(f"The backup that was just made is damaged: {' '.join(report.passed_over)}")


def compare_searches(here: Stores, there: Stores) -> tuple[int, int]:
    """Ask both installations for the neighbours of a sample of passages of every live index.

    Returns:
        How many searches there were, and how many gave the same ten passages in the same order.
    """
    compared = identical = 0
    with owner_session(there.owner) as session:
        indexes = session.scalars(
            select(IndexVersion).where(IndexVersion.status == IndexStatus.LIVE).order_by(IndexVersion.id)
        ).all()
    for index in indexes:
        queries = _sample(there, index)
        ours, theirs = _chunk_ids(here, index), _chunk_ids(there, index)
        for vector in queries:
            answers = [
                [hit.chunk_id for hit in stores.vectors.search(index.table_name, vector, limit=_TOP + _ROOM)]
                for stores in (here, there)
            ]
            both = [[found for found in answer if found in ours and found in theirs][:_TOP] for answer in answers]
            compared += 1
            identical += both[0] == both[1]
    return compared, identical


def _sample(stores: Stores, index: IndexVersion) -> list[Vector]:
    with owner_session(stores.owner) as session:
        rows = session.scalars(
            select(Embedding.vector)
            .join(
                Chunk, and_(Chunk.text_hash == Embedding.text_hash, Chunk.organization_id == Embedding.organization_id)
            )
            .where(Embedding.organization_id == index.organization_id, Embedding.model == index.embedding_model)
            .order_by(Embedding.text_hash)
            .limit(_SEARCHES)
        )
        return [vector_from_bytes(row) for row in rows]


def _chunk_ids(stores: Stores, index: IndexVersion) -> set[uuid.UUID]:
    with owner_session(stores.owner) as session:
        return set(session.scalars(select(Chunk.id).where(Chunk.organization_id == index.organization_id)))
