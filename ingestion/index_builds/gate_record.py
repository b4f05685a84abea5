"""What the gates said of an index version, and whether it still holds for what the version contains now."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ingestion.errors import GatesNotPassedError
from ingestion.index_builds.contents import contents_mark
from ingestion.index_builds.request import find_version
from storage.errors import IndexUnavailableError
from storage.postgres.models.index_manifest import IndexManifest
from storage.postgres.models.index_version import IndexVersion
from storage.postgres.session import organization_session
from storage.records.record import Record
from storage.stores import Stores

# Every gate that a version must pass, in the order in which they run.
GATES = ("row_reconciliation", "freshness", "leak_canaries", "latency", "retrieval_quality")
# What the gates measured says enough of an index of which hardly anything changed since.
_MOST_CHANGED_SHARE = 0.1
_MOST_CHANGED_FEW = 5


class GateResult(Record):
    """What one gate said: what it measured against which threshold, and the same in a sentence."""

    name: str
    passed: bool
    measured: float | None
    threshold: float | None
    detail: str


class GateRecord(Record):
    """A run of the gates. `mark`, `lance_version` and `documents` say what the index version held then."""

    ran_at: datetime
    mark: str
    lance_version: int | None
    documents: int
    results: tuple[GateResult, ...]

    @property
    def not_passed(self) -> tuple[str, ...]:
        """Names of the gates that failed, or that did not run."""
        passed = {result.name for result in self.results if result.passed}
        return tuple(name for name in GATES if name not in passed)


def contents_now(stores: Stores, index: IndexVersion) -> GateRecord:
    """A record without results of what an index version holds now; take it before the gates look."""
    try:
        lance_version = stores.vectors.version(index.table_name)
    except IndexUnavailableError:
        lance_version = None
    with organization_session(stores.app, index.organization_id) as session:
        documents = session.scalar(select(func.count()).where(IndexManifest.index_version_id == index.id)) or 0
        mark = contents_mark(session, index)
    return GateRecord(ran_at=datetime.now(UTC), mark=mark, lance_version=lance_version, documents=documents, results=())


def keep_record(
    stores: Stores, organization_id: uuid.UUID, index_id: uuid.UUID, record: GateRecord, results: Sequence[GateResult]
) -> GateRecord:
    """Write down what the gates said."""
    whole = record.model_copy(update={"results": tuple(results)})
    with organization_session(stores.app, organization_id) as session:
        row = find_version(session, organization_id, index_id, is_locked=True)
        row.gates = whole.model_dump(mode="json")
    return whole


def kept_record(index: IndexVersion) -> GateRecord | None:
    """The last run of the gates on an index version."""
    return None if index.gates is None else GateRecord.model_validate(index.gates)


def require_passed(session: Session, index: IndexVersion) -> GateRecord:
    """The record of an index version that may go live.

    Raises:
        GatesNotPassedError: A gate failed, none ran, or too much changed since they ran.
    """
    record = kept_record(index)
    again = f"`pixel index gates {index.number}` runs them."
    if record is None:
        raise GatesNotPassedError(f"The gates did not look at index version {index.number} yet; {again}", gates=GATES)
    if record.not_passed:
        said = "; ".join(result.detail for result in record.results if not result.passed)
        raise GatesNotPassedError(
            f"Index version {index.number} did not pass: {', '.join(record.not_passed)}. {said or again}",
            gates=record.not_passed,
        )
    changed = _changed_since(session, index, record)
    if changed > max(_MOST_CHANGED_FEW, _MOST_CHANGED_SHARE * record.documents):
        raise GatesNotPassedError(
            f"{changed} documents of index version {index.number} changed since its gates looked at "
            f"{record.documents}; {again}",
            gates=GATES,
        )
    return record


def _changed_since(session: Session, index: IndexVersion, record: GateRecord) -> int:
    if contents_mark(session, index) == record.mark:
        return 0
    row = session.execute(
        select(
            func.count().label("documents"),
            func.count().filter(IndexManifest.updated_at > record.ran_at).label("written"),
        ).where(IndexManifest.index_version_id == index.id)
    ).one()
    return int(row.written) + max(0, record.documents - (int(row.documents) - int(row.written)))
