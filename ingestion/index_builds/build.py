"""Creates and builds an index version beside the live one. A build that was killed goes on where it was."""

import contextlib
import time
import uuid
from collections.abc import Iterator

import structlog
from sqlalchemy import Engine, func, text, update
from sqlalchemy.exc import OperationalError

from ingestion.errors import IndexVersionError, IngestionError
from ingestion.index_builds.catch_up import remove_gone
from ingestion.index_builds.contents import count_current, held_versions, missing_versions
from ingestion.index_builds.filling import Filler
from ingestion.index_builds.progress import BuildProgress, OnProgress, telling
from ingestion.index_builds.request import BuildRequest, find_version, plan
from ingestion.live_index import lock_pointer, next_number, table_name, table_spec, target_of
from ingestion.settings import IngestSettings, ingest_settings
from storage.errors import IndexMismatchError
from storage.postgres.models.base import JsonObject
from storage.postgres.models.index_version import IndexStatus, IndexVersion
from storage.postgres.session import organization_session
from storage.stores import Stores

log = structlog.get_logger(__name__)

DOCUMENTS_PER_BATCH = 32
_CAN_BE_BUILT = (IndexStatus.BUILDING, IndexStatus.FAILED)


def create_index_version(
    stores: Stores,
    organization_id: uuid.UUID,
    request: BuildRequest,
    *,
    created_by: uuid.UUID | None = None,
    estimate: JsonObject | None = None,
    settings: IngestSettings | None = None,
) -> IndexVersion:
    """Write down an index version that is to be built. Nothing is built yet.

    Args:
        stores: The stores.
        organization_id: Whose index.
        request: What to change against the live one.
        created_by: Who wants it.
        estimate: What it is expected to take.
        settings: For an organization without an index; the process's settings unless given.

    Raises:
        ModelUnavailableError: There is no such model.
        IngestionError: There is no such chunker.
    """
    settings = settings or ingest_settings()
    with organization_session(stores.app, organization_id) as session:
        planned = plan(session, organization_id, request, settings=settings)
        dimension = planned.embedder.dimension  # loads the model: before the lock, for it takes seconds
        lock_pointer(session, organization_id)
        number = next_number(session, organization_id)
        row = IndexVersion(
            organization_id=organization_id,
            number=number,
            status=IndexStatus.BUILDING,
            table_name=table_name(organization_id, number),
            embedding_model=planned.embedder.model,
            model_source=planned.model_source,
            model_fingerprint=planned.embedder.fingerprint,
            dimension=dimension,
            chunker=planned.chunking,
            settings=planned.chunks.model_dump(),
            estimate=estimate,
            created_by=created_by,
        )
        session.add(row)
        session.flush()
        session.refresh(row)
        return row


def build(
    stores: Stores,
    organization_id: uuid.UUID,
    reference: uuid.UUID | int,
    *,
    on_progress: OnProgress | None = None,
    settings: IngestSettings | None = None,
) -> IndexVersion:
    """Fill an index version until it holds every current document version; it is a candidate then.

    Args:
        stores: The stores.
        organization_id: Whose index.
        reference: Id or number of a version that is building, or whose build stopped.
        on_progress: Told how far it is, at least every two seconds.
        settings: Limits; the process's settings unless given.

    Raises:
        IndexVersionError: Unknown, not to be built, or built by another process just now.
        ModelUnavailableError: Its model cannot be loaded; the version is marked as failed.
        StorageError: A store is in trouble; build it again.
    """
    settings = settings or ingest_settings()
    with organization_session(stores.app, organization_id) as session:
        index = find_version(session, organization_id, reference)
    with _alone(stores.app, index):
        with organization_session(stores.app, organization_id) as session:
            index = find_version(session, organization_id, index.id, is_locked=True)
            if index.status not in _CAN_BE_BUILT:
                raise IndexVersionError(
                    f"Index version {index.number} is {index.status}; only one that is building or failed can be built. "
                    "Ask for a new one with `pixel index build`."
                )
            index.status, index.error = IndexStatus.BUILDING, None
        try:
            _fill(stores, index, settings=settings, on_progress=on_progress)
        except (IngestionError, IndexMismatchError) as error:
            _end(stores, index, IndexStatus.FAILED, error=str(error))
            raise
        return _end(stores, index, IndexStatus.CANDIDATE)


def _fill(stores: Stores, index: IndexVersion, *, settings: IngestSettings, on_progress: OnProgress | None) -> None:
    started = time.monotonic()
    target = target_of(index, settings)
    if not stores.vectors.is_listed(index.table_name):
        stores.vectors.create(table_spec(index))
    with organization_session(stores.app, index.organization_id) as session:
        before = len(held_versions(session, index))
        total = max(before, count_current(session, index.organization_id))

    def look() -> BuildProgress:
        return BuildProgress.of(filler.done, total=total, before=before, seconds=time.monotonic() - started)

    with (
        Filler(stores, target, settings=settings) as filler,
        telling(stores, index, look, on_progress=on_progress) as tell,
    ):
        while True:
            with organization_session(stores.app, index.organization_id) as session:
                batch = missing_versions(
                    session, index, limit=DOCUMENTS_PER_BATCH, leave_out=filler.done.problems.keys()
                )
            if not batch:
                break
            filler.fill(batch)
        remove_gone(stores, index)
        tell()
    log.info("index_built", number=index.number, documents=filler.done.documents, seconds=round(look().seconds, 1))


def _end(stores: Stores, index: IndexVersion, status: IndexStatus, *, error: str | None = None) -> IndexVersion:
    with organization_session(stores.app, index.organization_id) as session:
        session.execute(
            update(IndexVersion)
            .where(IndexVersion.id == index.id, IndexVersion.status == IndexStatus.BUILDING)
            .values(status=status, error=error, built_at=None if error else func.now(), gates=None)
        )
        return find_version(session, index.organization_id, index.id)


@contextlib.contextmanager
def _alone(engine: Engine, index: IndexVersion) -> Iterator[None]:
    """One builder of an index version at a time; the lock ends with its connection, so a killed one frees it."""
    key = {"key": f"pixel:build:{index.id}"}
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.scalar(text("SELECT pg_try_advisory_lock(hashtextextended(:key, 0))"), key):
            raise IndexVersionError(
                f"Index version {index.number} is being built by another process; `pixel index list` shows how far it is."
            )
        try:
            yield
        finally:
            with contextlib.suppress(OperationalError):  # a broken connection has freed the lock already
                connection.execute(text("SELECT pg_advisory_unlock(hashtextextended(:key, 0))"), key)
