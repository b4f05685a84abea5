"""Makes an index version live, and goes back: one pointer flip in one transaction.

Questions take no lock, so none waits or fails: one that began on the old version finishes on it, because its table
stays. A document that is on its way in becomes current either before the flip, and is caught up, or after it, and is
indexed again in the version that is live then (`ingestion.live_index.hold_live`).
"""

import time
import uuid

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ingestion.errors import GatesNotPassedError, IndexVersionError
from ingestion.index_builds.catch_up import catch_up
from ingestion.index_builds.contents import gone_versions, missing_versions
from ingestion.index_builds.gate_record import require_passed
from ingestion.index_builds.integrity import check_rows
from ingestion.index_builds.request import find_version
from ingestion.live_index import live_index, lock_pointer
from ingestion.settings import IngestSettings, ingest_settings
from storage.errors import StorageError
from storage.postgres.models.audit_event import AuditEvent
from storage.postgres.models.index_manifest import IndexManifest
from storage.postgres.models.index_version import IndexStatus, IndexVersion
from storage.postgres.session import organization_session
from storage.reconciler import compare
from storage.records.record import Record
from storage.stores import Stores

log = structlog.get_logger(__name__)

_LOCK_WAIT = "30s"
_ROUNDS = 5
_FEW = 20  # as many document versions are caught up while documents wait to become current


class Author(Record):
    """Who did it: a person, a program, or, when both are None, the operator of the installation."""

    user_id: uuid.UUID | None = None
    api_key_id: uuid.UUID | None = None


class Flipped(Record):
    """Which index version is live now, which was before, and the seconds that the pointer's lock was held."""

    live_id: uuid.UUID
    live_number: int
    before_id: uuid.UUID | None
    before_number: int | None
    lock_seconds: float


OPERATOR = Author()


def promote(
    stores: Stores,
    organization_id: uuid.UUID,
    reference: uuid.UUID | int,
    *,
    author: Author = OPERATOR,
    settings: IngestSettings | None = None,
) -> Flipped:
    """Make a candidate live. The version that was live is kept and kept fresh, to go back to.

    Args:
        stores: The stores.
        organization_id: Whose index.
        reference: Id or number of a candidate whose gates have passed.
        author: Who wants it; for the audit log.
        settings: Limits; the process's settings unless given.

    Raises:
        IndexVersionError: Unknown, or no candidate.
        GatesNotPassedError: A gate has not passed on what it contains now.
        StorageError: It could not be brought up to date; try again.
    """
    with organization_session(stores.app, organization_id) as session:
        index = _candidate(session, organization_id, reference)
        gated = require_passed(session, index)
    catch_up(stores, index, settings=settings or ingest_settings())
    # Whatever else touched the table since the gates looked, its rows are looked at again.
    if stores.vectors.version(index.table_name) != gated.lance_version:
        rows = check_rows(stores, index)
        if not rows.is_whole:
            raise GatesNotPassedError(
                f"Index version {index.number} changed since its gates passed: {rows.describe()}. "
                f"`pixel verify` heals it, `pixel index gates {index.number}` looks again.",
                gates=("row_reconciliation",),
            )
    return _flip(
        stores, index, needed=IndexStatus.CANDIDATE, before=IndexStatus.RETIRED, action="index.promoted",
        author=author, settings=settings or ingest_settings(),
    )  # fmt: skip


def rollback(
    stores: Stores, organization_id: uuid.UUID, *, author: Author = OPERATOR, settings: IngestSettings | None = None
) -> Flipped:
    """Go back to the version that was live before. The one that is left becomes a candidate again.

    Args:
        stores: The stores.
        organization_id: Whose index.
        author: Who wants it; for the audit log.
        settings: Limits; the process's settings unless given.

    Raises:
        IndexVersionError: There is none to go back to.
        StorageError: It could not be brought up to date; try again.
    """
    settings = settings or ingest_settings()
    with organization_session(stores.app, organization_id) as session:
        index = session.scalars(
            select(IndexVersion)
            .where(IndexVersion.status == IndexStatus.RETIRED, IndexVersion.dropped_at.is_(None))
            .order_by(IndexVersion.retired_at.desc(), IndexVersion.number.desc())
            .limit(1)
        ).one_or_none()
    if index is None:
        raise IndexVersionError(
            "There is no earlier index version to go back to; promote one first. "
            "PIXEL_INGEST_RETIRED_INDEXES_KEPT says how many are kept."
        )
    catch_up(stores, index, settings=settings)
    if stores.vectors.count(index.table_name) != _manifested(stores, index):
        drift = compare(stores, index, heal=True)
        if drift.rows or drift.is_unreadable:
            raise StorageError(f"Vector table `{index.table_name}` could not be healed: {drift.rows} rows are wrong.")
    # Comparing every row takes seconds that somebody in trouble has not; the worker does it for live tables anyhow, and
    # the read gate shows no wrong row meanwhile.
    return _flip(
        stores, index, needed=IndexStatus.RETIRED, before=IndexStatus.CANDIDATE, action="index.rolled_back",
        author=author, settings=settings,
    )  # fmt: skip


def _flip(
    stores: Stores,
    index: IndexVersion,
    *,
    needed: IndexStatus,
    before: IndexStatus,
    action: str,
    author: Author,
    settings: IngestSettings,
) -> Flipped:
    """Move the pointer once the version lacks nothing.

    Most is caught up while documents go on becoming current; the last few while they wait, which ends the race.
    """
    for _ in range(_ROUNDS):
        catch_up(stores, index, settings=settings)
        with organization_session(stores.app, index.organization_id) as session:
            session.execute(select(func.set_config("lock_timeout", _LOCK_WAIT, True)))
            lock_pointer(session, index.organization_id)
            held = time.monotonic()
            # The row itself is not locked: catching up writes manifests that refer to it, on other connections.
            row = find_version(session, index.organization_id, index.id)
            if row.status != needed:
                raise IndexVersionError(f"Index version {row.number} is {row.status} now, not {needed} any more.")
            if needed == IndexStatus.CANDIDATE:
                require_passed(session, row)
            if _lag(session, row) > _FEW:
                continue
            catch_up(stores, index, settings=settings)
            flipped = _move(session, row, before=before, action=action, author=author, held=held)
        log.info("index_flipped", action=action, number=index.number, lock_seconds=flipped.lock_seconds)
        return flipped
    raise StorageError(
        f"Documents come in faster than index version {index.number} catches up; try again when fewer are on their way."
    )


def _move(
    session: Session, row: IndexVersion, *, before: IndexStatus, action: str, author: Author, held: float
) -> Flipped:
    live = live_index(session, row.organization_id)
    if live is not None:
        live.status = before
        live.retired_at = func.clock_timestamp() if before == IndexStatus.RETIRED else None
        session.flush()  # there may be one live version only, at no moment two
    row.status, row.promoted_at, row.retired_at = IndexStatus.LIVE, func.clock_timestamp(), None
    session.add(
        AuditEvent(
            organization_id=row.organization_id,
            user_id=author.user_id,
            api_key_id=author.api_key_id,
            action=action,
            subject_type="index_version",
            subject_id=row.id,
            details={"number": row.number, "before": None if live is None else live.number},
        )
    )
    session.flush()
    return Flipped(
        live_id=row.id,
        live_number=row.number,
        before_id=None if live is None else live.id,
        before_number=None if live is None else live.number,
        lock_seconds=round(time.monotonic() - held, 3),
    )


def _manifested(stores: Stores, index: IndexVersion) -> int:
    """Rows that the table must hold, by its manifests."""
    with organization_session(stores.app, index.organization_id) as session:
        rows = select(func.coalesce(func.sum(IndexManifest.row_count), 0)).where(
            IndexManifest.index_version_id == index.id
        )
        return int(session.scalar(rows) or 0)


def _candidate(session: Session, organization_id: uuid.UUID, reference: uuid.UUID | int) -> IndexVersion:
    index = find_version(session, organization_id, reference)
    if index.status != IndexStatus.CANDIDATE:
        raise IndexVersionError(
            f"Index version {index.number} is {index.status}; only a candidate can be promoted. "
            "`pixel index list` shows which are."
        )
    return index


def _lag(session: Session, index: IndexVersion) -> int:
    known = {uuid.UUID(key) for key in index.progress.get("problems", {})}
    missing = missing_versions(session, index, limit=_FEW + 1, leave_out=known)
    return len(missing) + len(gone_versions(session, index))
