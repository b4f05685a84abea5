"""Compares every vector table with Postgres, and heals it from Postgres: no model, no network.

Classes of damage: missing, extra, duplicate and stale rows, and tables that cannot be read at all.
"""

import uuid
from collections import Counter
from collections.abc import Iterable, Sequence

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.errors import IndexMismatchError, IndexUnavailableError
from storage.expected_rows import ExpectedRow, expected_rows
from storage.lance.contents import StoredRow
from storage.lance.schema import TableSpec
from storage.lance.writer_lock import writer_lock
from storage.postgres.models.index_version import IndexStatus, IndexVersion
from storage.postgres.models.outbox_event import OutboxEvent, OutboxState
from storage.postgres.session import organization_session, owner_session
from storage.records.record import Record
from storage.records.vector import VectorRow
from storage.stores import Stores

log = structlog.get_logger(__name__)

_BATCH = 5000
_VECTOR_DELETE = "vector.delete"
_VECTOR_MOVE = "vector.move"


class TableDrift(Record):
    """How one vector table differs from Postgres, in rows.

    `pending_removal` rows belong to versions whose removal is on its way; they are not drift, nor are rows of a document
    that moved whose rows are about to follow.
    """

    organization_id: uuid.UUID
    index_version_id: uuid.UUID
    table_name: str
    expected: int
    found: int = 0
    missing: int = 0
    extra: int = 0
    duplicate: int = 0
    stale: int = 0
    pending_removal: int = 0
    is_unreadable: bool = False

    @property
    def rows(self) -> int:
        """Rows that are wrong; 0 when table and Postgres agree."""
        return self.missing + self.extra + self.duplicate + self.stale


class VerifyReport(Record):
    """What was found and, if asked to heal, what is left. `index_drift_rows` must be 0."""

    before: tuple[TableDrift, ...]
    after: tuple[TableDrift, ...]

    @property
    def drift_before(self) -> int:
        """Wrong rows before healing."""
        return sum(table.rows for table in self.before)

    @property
    def index_drift_rows(self) -> int:
        """Wrong rows that are left."""
        return sum(table.rows for table in self.after)

    @property
    def is_clean(self) -> bool:
        """Whether every table agrees with Postgres now."""
        return self.index_drift_rows == 0 and not any(table.is_unreadable for table in self.after)


def verify(stores: Stores, *, heal: bool, organization_id: uuid.UUID | None = None) -> VerifyReport:
    """Compare all live and candidate vector tables with Postgres.

    Args:
        stores: The stores.
        heal: Repair what is wrong.
        organization_id: Only this organization.

    Returns:
        Drift per table, before and after.
    """
    query = select(IndexVersion).where(IndexVersion.status.in_((IndexStatus.LIVE, IndexStatus.CANDIDATE)))
    if organization_id is not None:
        query = query.where(IndexVersion.organization_id == organization_id)
    with owner_session(stores.owner) as session:
        indexes = session.scalars(query.order_by(IndexVersion.organization_id, IndexVersion.number)).all()
    before, after = [], []
    for index in indexes:
        with writer_lock(stores.app, index.table_name):
            found = _Comparison(stores, index)
            drift = left = found.drift()
            if heal and (drift.rows or drift.is_unreadable):
                log.warning("index_drift", table=index.table_name, rows=drift.rows, unreadable=drift.is_unreadable)
                found.heal()
                left = _Comparison(stores, index).drift()
            before.append(drift)
            after.append(left)
    return VerifyReport(before=tuple(before), after=tuple(after))


def compare(stores: Stores, index: IndexVersion, *, heal: bool = False) -> TableDrift:
    """Compare the vector table of one index version with Postgres, whatever the version's status.

    Args:
        stores: The stores.
        index: The index version.
        heal: Repair what is wrong first; what is left then is told.
    """
    with writer_lock(stores.app, index.table_name):
        found = _Comparison(stores, index)
        drift = found.drift()
        if not heal or not (drift.rows or drift.is_unreadable):
            return drift
        found.heal()
        return _Comparison(stores, index).drift()


class _Comparison:
    """One table against Postgres, under the table's writer lock."""

    def __init__(self, stores: Stores, index: IndexVersion) -> None:
        self._stores = stores
        self._index = index
        with organization_session(stores.app, index.organization_id) as session:
            rows = expected_rows(session, index, with_terms=False)
            self._expected = {row.row.chunk_id: row.stored for row in rows}
            self._leaving = _versions_of(session, _VECTOR_DELETE)
            self._moving = _versions_of(session, _VECTOR_MOVE)
        self._is_unreadable = False
        self._found = self._read()
        counts = Counter(row.chunk_id for row in self._found)
        self._duplicates = {chunk_id for chunk_id, count in counts.items() if count > 1}
        self._missing = set(self._expected) - set(counts)
        unexpected = {row.chunk_id: row for row in self._found if row.chunk_id not in self._expected}
        self._pending = {i for i, row in unexpected.items() if row.document_version_id in self._leaving}
        self._extra = set(unexpected) - self._pending
        self._stale = {
            row.chunk_id
            for row in self._found
            if row.chunk_id in self._expected
            and row.document_version_id not in self._moving
            and row != self._expected[row.chunk_id]
        }

    def drift(self) -> TableDrift:
        """The differences, counted."""
        return TableDrift(
            organization_id=self._index.organization_id,
            index_version_id=self._index.id,
            table_name=self._index.table_name,
            expected=len(self._expected),
            found=len(self._found),
            missing=len(self._missing),
            extra=len(self._extra),
            duplicate=len(self._duplicates),
            stale=len(self._stale - self._duplicates),
            pending_removal=len(self._pending),
            is_unreadable=self._is_unreadable,
        )

    def heal(self) -> None:
        """Make the table what Postgres says."""
        name = self._index.table_name
        if self._is_unreadable:
            self._stores.vectors.create(self._spec)
            wanted = list(self._expected)
        else:
            for batch in _batches(self._extra | self._duplicates | self._stale):
                self._stores.vectors.remove_chunks(name, batch)
            wanted = list(self._missing | ((self._duplicates | self._stale) & set(self._expected)))
        with organization_session(self._stores.app, self._index.organization_id) as session:
            for batch in _batches(wanted):
                self._add(expected_rows(session, self._index, list(batch)))
        if wanted:
            self._stores.vectors.finish(name)
            self._stores.vectors.compact(name)
        log.info("index_healed", table=name, added=len(wanted), rebuilt=self._is_unreadable)

    @property
    def _spec(self) -> TableSpec:
        index = self._index
        return TableSpec(index.table_name, index.embedding_model, index.dimension)

    def _read(self) -> Sequence[StoredRow]:
        try:
            self._stores.vectors.check(self._spec)
            return self._stores.vectors.rows(self._index.table_name)
        except (IndexUnavailableError, IndexMismatchError):
            # A table that nothing was written to yet is not damage.
            self._is_unreadable = bool(self._expected) or self._stores.vectors.is_listed(self._index.table_name)
            return ()

    def _add(self, rows: Iterable[ExpectedRow]) -> None:
        by_version: dict[uuid.UUID, list[VectorRow]] = {}
        for expected in rows:
            by_version.setdefault(expected.document_version_id, []).append(expected.row)
        self._stores.vectors.add_versions(self._spec, by_version)


def _versions_of(session: Session, topic: str) -> set[uuid.UUID]:
    """Versions that an event of the outbox is about, which was not delivered yet."""
    pending = select(OutboxEvent.subject_id).where(OutboxEvent.topic == topic, OutboxEvent.state == OutboxState.PENDING)
    return set(session.scalars(pending))


def _batches(chunk_ids: Iterable[uuid.UUID]) -> list[tuple[uuid.UUID, ...]]:
    ordered = sorted(chunk_ids)
    return [tuple(ordered[start : start + _BATCH]) for start in range(0, len(ordered), _BATCH)]
