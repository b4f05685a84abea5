"""Progress of documents that were given together, and stopping or resuming all of them."""

import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from ingestion.errors import IngestionError
from ingestion.staging import WAITING
from ingestion.versions import cancel, resume
from storage.postgres.models.document import Document
from storage.postgres.models.document_version import DocumentVersion, VersionState
from storage.postgres.models.ingestion import Ingestion
from storage.postgres.session import AnyRow, organization_session
from storage.records.record import Record
from storage.stores import Stores

MOST_PROBLEMS = 200
_LONGEST_GIVING_S = 3600


class IngestionNotFoundError(IngestionError):
    """There is no such ingestion in this organization."""


class Problem(Record):
    """A document that was not read, and what to do about it."""

    document_id: uuid.UUID
    name: str
    failure_type: str | None
    reason: str | None


class IngestionProgress(Record):
    """How far an ingestion is. Documents are done when they are ready, held, failed, superseded or unchanged.

    `pages_done` of `pages_total` count those documents that said how many pages they have, `passages_done` of
    `passages_total` the passages of long documents that are being embedded now. `seconds_left` is null until there is
    something to go by, and when all is done.
    """

    id: uuid.UUID
    knowledge_base_id: uuid.UUID
    name: str
    state: Literal["running", "done", "cancelled"]
    documents_total: int
    documents_done: int
    unchanged: int
    ready: int
    held: int
    cancelled: int
    failed: dict[str, int]
    pages_done: int
    pages_total: int
    passages_done: int
    passages_total: int
    created_at: datetime
    seconds: float
    seconds_left: float | None
    problems: tuple[Problem, ...] = ()


def start_ingestion(
    session: Session,
    *,
    organization_id: uuid.UUID,
    knowledge_base_id: uuid.UUID,
    name: str,
    expected: int | None = None,
    created_by: uuid.UUID | None = None,
) -> uuid.UUID:
    """Begin an ingestion; documents join it by `accept(ingestion_id=…)`.

    Args:
        session: A session of the organization.
        organization_id: Whose.
        knowledge_base_id: Where its documents go.
        name: What people see, for example the folder.
        expected: How many documents will be given, where known.
        created_by: The user who began it.
    """
    row = Ingestion(
        organization_id=organization_id,
        knowledge_base_id=knowledge_base_id,
        name=name[:300],
        expected=expected,
        created_by=created_by,
    )
    session.add(row)
    session.flush()
    return row.id


def progress_query(ingestion_id: uuid.UUID | None = None) -> Select[*tuple[Any, ...]]:
    """Ingestions with the sums of their documents, newest first; for `progress_of`."""
    state = DocumentVersion.state
    pages = func.coalesce(DocumentVersion.page_count, DocumentVersion.pages_total, 0)
    read = case((state.in_(WAITING), func.coalesce(DocumentVersion.pages_done, 0)), else_=pages)

    def embedding(count: InstrumentedAttribute[int | None]) -> ColumnElement[int]:
        return case((state.in_(WAITING), func.coalesce(count, 0)), else_=0)

    versions = (
        select(
            DocumentVersion.ingestion_id,
            func.count().label("given"),
            func.count().filter(state.in_(WAITING)).label("waiting"),
            *(func.count().filter(state == value).label(value.value) for value in _COUNTED),
            func.coalesce(func.sum(pages), 0).label("pages_total"),
            func.coalesce(func.sum(read), 0).label("pages_done"),
            func.coalesce(func.sum(embedding(DocumentVersion.passages_total)), 0).label("passages_total"),
            func.coalesce(func.sum(embedding(DocumentVersion.passages_done)), 0).label("passages_done"),
            func.coalesce(func.sum(DocumentVersion.expected_count), 0).label("passages_ready"),
            func.array_agg(DocumentVersion.failure_type).filter(state == VersionState.FAILED).label("failures"),
            func.max(func.coalesce(DocumentVersion.ready_at, DocumentVersion.created_at)).label("last_at"),
        )
        .where(DocumentVersion.ingestion_id.is_not(None))
        .group_by(DocumentVersion.ingestion_id)
        .subquery("versions")
    )
    query = select(
        Ingestion,
        *(column for column in versions.c if column.name != "ingestion_id"),
        func.extract("epoch", func.now() - Ingestion.created_at).label("age"),
        func.extract("epoch", versions.c.last_at - Ingestion.created_at).label("lasted"),
    ).outerjoin(versions, versions.c.ingestion_id == Ingestion.id)
    if ingestion_id is not None:
        query = query.where(Ingestion.id == ingestion_id)
    return query.order_by(Ingestion.created_at.desc(), Ingestion.id)


_COUNTED = (VersionState.READY, VersionState.HELD, VersionState.CANCELLED, VersionState.SUPERSEDED)


def problems_query(ingestion_id: uuid.UUID) -> Select[*tuple[Any, ...]]:
    """Documents of an ingestion that were not read, by name; for `progress_of`."""
    return (
        select(Document.id, Document.name, DocumentVersion.failure_type, DocumentVersion.failure_reason)
        .join(Document, Document.id == DocumentVersion.document_id)
        .where(
            DocumentVersion.ingestion_id == ingestion_id,
            DocumentVersion.state.in_((VersionState.FAILED, VersionState.HELD)),
        )
        .order_by(Document.name, Document.id)
        .limit(MOST_PROBLEMS)
    )


def progress_of(row: AnyRow, problems: Sequence[AnyRow] = ()) -> IngestionProgress:
    """Progress from a row of `progress_query` and rows of `problems_query`."""
    ingestion: Ingestion = row.Ingestion
    given, waiting = row.given or 0, row.waiting or 0
    total = max(ingestion.expected or 0, given + ingestion.unchanged)
    done = given - waiting + ingestion.unchanged
    age = float(row.age)
    # Whoever gave the documents may have died before the last of them; nobody waits for the rest for ever.
    is_given = ingestion.cancelled_at is not None or age > _LONGEST_GIVING_S
    is_running = waiting > 0 or (done < total and not is_given)
    pages_done, pages_total = int(row.pages_done or 0), int(row.pages_total or 0)
    state: Literal["running", "done", "cancelled"] = (
        "running" if is_running else "cancelled" if ingestion.cancelled_at or row.cancelled else "done"
    )
    return IngestionProgress(
        id=ingestion.id,
        knowledge_base_id=ingestion.knowledge_base_id,
        name=ingestion.name,
        state=state,
        documents_total=total,
        documents_done=done,
        unchanged=ingestion.unchanged,
        ready=(row.ready or 0) + (row.superseded or 0),
        held=row.held or 0,
        cancelled=row.cancelled or 0,
        failed=dict(sorted(Counter(failure or "internal" for failure in row.failures or ()).items())),
        pages_done=pages_done,
        pages_total=pages_total,
        passages_done=int(row.passages_done or 0),
        passages_total=int(row.passages_total or 0),
        created_at=ingestion.created_at,
        seconds=round(age if is_running else float(row.lasted or 0), 3),
        seconds_left=_seconds_left(age, done, total, row) if is_running else None,
        problems=tuple(
            Problem(document_id=p.id, name=p.name, failure_type=p.failure_type, reason=p.failure_reason)
            for p in problems
        ),
    )


def ingestion_progress(stores: Stores, organization_id: uuid.UUID, ingestion_id: uuid.UUID) -> IngestionProgress:
    """How far an ingestion is.

    Raises:
        IngestionNotFoundError: Unknown here.
    """
    with organization_session(stores.app, organization_id) as session:
        row = session.execute(progress_query(ingestion_id)).one_or_none()
        if row is None:
            raise IngestionNotFoundError(f"There is no ingestion {ingestion_id}.")
        return progress_of(row, session.execute(problems_query(ingestion_id)).all())


def cancel_ingestion(stores: Stores, organization_id: uuid.UUID, ingestion_id: uuid.UUID) -> int:
    """Stop reading what is not read yet; what is ready stays.

    Returns:
        How many documents were stopped.

    Raises:
        IngestionNotFoundError: Unknown here.
    """
    waiting = _versions(stores, organization_id, ingestion_id, states=WAITING, is_cancelled=True)
    return sum(cancel(stores, organization_id, version_id) for version_id in waiting)


def resume_ingestion(stores: Stores, organization_id: uuid.UUID, ingestion_id: uuid.UUID) -> int:
    """Read what was cancelled after all.

    Returns:
        How many documents wait again.

    Raises:
        IngestionNotFoundError: Unknown here.
    """
    stopped = _versions(stores, organization_id, ingestion_id, states=(VersionState.CANCELLED,), is_cancelled=False)
    for version_id in stopped:
        resume(stores, organization_id, version_id)
    return len(stopped)


def _versions(
    stores: Stores,
    organization_id: uuid.UUID,
    ingestion_id: uuid.UUID,
    *,
    states: Sequence[VersionState],
    is_cancelled: bool,
) -> Sequence[uuid.UUID]:
    with organization_session(stores.app, organization_id) as session:
        ingestion = session.get(Ingestion, ingestion_id, with_for_update=True)
        if ingestion is None:
            raise IngestionNotFoundError(f"There is no ingestion {ingestion_id}.")
        ingestion.cancelled_at = func.now() if is_cancelled else None
        return session.scalars(
            select(DocumentVersion.id)
            .join(Document, Document.id == DocumentVersion.document_id)
            .where(
                DocumentVersion.ingestion_id == ingestion_id,
                DocumentVersion.state.in_(states),
                Document.tombstoned_at.is_(None),
            )
            .order_by(DocumentVersion.created_at, DocumentVersion.id)
        ).all()


def _seconds_left(seconds: float, done: int, total: int, row: AnyRow) -> float | None:
    """By documents; but a long one at the end takes as long as its passages do at the pace so far."""
    embedded, left = int(row.passages_done or 0), int(row.passages_total or 0) - int(row.passages_done or 0)
    if seconds <= 0 or (done == 0 and embedded == 0):
        return None
    by_documents = seconds * (total - done) / done if done else 0.0
    by_passages = seconds * left / (int(row.passages_ready or 0) + embedded) if embedded else 0.0
    return round(max(by_documents, by_passages), 1)
