"""Moves documents to another knowledge base, and copies them: no file is stored, read or embedded again.

Both run in the caller's transaction. Postgres decides at once what a search may show; vector tables follow: what moved by
an event that the worker delivers (`ingestion/vector_moves.py`), what was copied by a job that indexes kept passages.
"""

import uuid
from collections import Counter
from collections.abc import Sequence

from sqlalchemy import ARRAY, bindparam, column, func, insert, select, update
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.orm import Session

from ingestion import outbox
from ingestion.errors import IngestionError
from ingestion.staging import ACCEPTED, INGEST_JOB
from storage.postgres.models.chunk import Chunk
from storage.postgres.models.document import Document
from storage.postgres.models.document_version import DocumentVersion, VersionState
from storage.postgres.models.job import Job
from storage.postgres.models.retrieval_label import RetrievalLabel
from storage.records.digest import chunk_digest

# What a copy's version says of itself; what it is part of, and where it stands, is its own.
_OWN = {"id", "document_id", "ingestion_id", "number", "state", "created_at", "ready_at", "superseded_at"} | {
    "vectors_removed_at", "expected_digest", "seconds",
}  # fmt: skip
_KEPT = [column.name for column in DocumentVersion.__table__.columns if column.name not in _OWN]
_CHUNK = [
    c.name for c in Chunk.__table__.columns if c.name not in ("id", "document_id", "document_version_id", "created_at")
]


class NameClashError(IngestionError):
    """Documents of the same source are in the target already; `names` are theirs."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(
            f"Already there: {', '.join(names)}. Nothing was done; take these out of the choice, or delete them."
        )
        self.names = tuple(names)


class NotReadError(IngestionError):
    """Documents without a version that was read cannot be copied; `names` are theirs."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"Not read yet: {', '.join(names)}. Nothing was done; wait until they are, or leave them out.")
        self.names = tuple(names)


def move_documents(session: Session, documents: Sequence[Document], target_id: uuid.UUID) -> None:
    """Put documents into another knowledge base, with their labels.

    A document that came from a source is its own from now on: the next run of the source gives a fresh one where it was.

    Args:
        session: A session that may read the documents; they are locked.
        documents: Documents that are not deleted.
        target_id: An open knowledge base of the organization.

    Raises:
        NameClashError: Some are there already; nothing is written.
    """
    moving = [row for row in documents if row.knowledge_base_id != target_id]
    _make_room(session, moving, target_id)
    for row in moving:
        row.knowledge_base_id, row.source_id = target_id, None
        if row.current_version_id is not None:
            outbox.emit(
                session,
                row.organization_id,
                outbox.VECTOR_MOVE,
                subject_id=row.current_version_id,
                payload={"document_id": str(row.id)},
            )
    session.execute(
        update(RetrievalLabel)
        .where(RetrievalLabel.document_id.in_([row.id for row in moving]))
        .values(knowledge_base_id=target_id)
    )
    session.flush()


def copy_documents(
    session: Session, documents: Sequence[Document], target_id: uuid.UUID, *, created_by: uuid.UUID | None
) -> list[Document]:
    """Make documents of their own from current versions; a worker indexes their passages, without a model call.

    Args:
        session: A session that may read the documents.
        documents: Documents that are not deleted.
        target_id: An open knowledge base of the organization.
        created_by: The user who copies.

    Returns:
        The copies, in the order of the documents.

    Raises:
        NameClashError: Some are there already; nothing is written.
        NotReadError: Some have no current version; nothing is written.
    """
    unread = sorted(row.name for row in documents if row.current_version_id is None)
    if unread:
        raise NotReadError(unread)
    _make_room(session, documents, target_id)
    copies = [_copy(row, target_id, created_by) for row in documents]
    session.add_all(copies)
    session.flush()
    found = session.scalars(
        select(DocumentVersion).where(DocumentVersion.id.in_([row.current_version_id for row in documents]))
    )
    read = {version.id: version for version in found}
    versions = [
        _copy_version(read[row.current_version_id], copy)
        for row, copy in zip(documents, copies, strict=True)
        if row.current_version_id is not None
    ]
    session.add_all(versions)
    session.flush()
    _copy_chunks(session, versions, [row.current_version_id for row in documents])
    for version in versions:
        _stage(session, version)
    session.flush()
    return copies


def _make_room(session: Session, documents: Sequence[Document], target_id: uuid.UUID) -> None:
    """Make sure that no two documents of the target have one source; deleted ones give theirs up."""
    uris = Counter(row.source_uri for row in documents)
    twice = {row.name for row in documents if uris[row.source_uri] > 1}
    there = session.scalars(
        select(Document).where(Document.knowledge_base_id == target_id, Document.source_uri.in_(list(uris)))
    ).all()
    taken = sorted(twice | {row.name for row in there if row.tombstoned_at is None})
    if taken:
        raise NameClashError(taken)
    for row in there:
        row.source_uri = f"{row.source_uri}#deleted-{row.id}"
    session.flush()


def _copy(row: Document, target_id: uuid.UUID, created_by: uuid.UUID | None) -> Document:
    return Document(
        id=uuid.uuid4(),
        organization_id=row.organization_id,
        knowledge_base_id=target_id,
        source_uri=row.source_uri,
        name=row.name,
        tags=list(row.tags),
        custom_metadata=dict(row.custom_metadata),
        group_ids=None if row.group_ids is None else list(row.group_ids),
        created_by=created_by,
    )


def _copy_version(version: DocumentVersion, copy: Document) -> DocumentVersion:
    fields = {name: getattr(version, name) for name in _KEPT}
    return DocumentVersion(id=uuid.uuid4(), document_id=copy.id, number=1, state=VersionState.STAGED, **fields)


def _copy_chunks(session: Session, versions: Sequence[DocumentVersion], sources: Sequence[uuid.UUID | None]) -> None:
    """Give each version the passages of the version that it was copied from, under new ids, in one statement."""
    lists = (sources, [version.document_id for version in versions], [version.id for version in versions])
    pairs = (
        func.unnest(*(bindparam(None, list(ids), ARRAY(UUID(as_uuid=True))) for ids in lists))
        .table_valued(*(column(name, UUID(as_uuid=True)) for name in ("source", "document", "version")))
        .render_derived(name="pairs")
    )
    kept = [getattr(Chunk, name) for name in _CHUNK]
    rows = select(func.gen_random_uuid(), pairs.c.document, pairs.c.version, *kept).join(
        pairs, pairs.c.source == Chunk.document_version_id
    )
    session.execute(insert(Chunk).from_select(["id", "document_id", "document_version_id", *_CHUNK], rows))


def _stage(session: Session, version: DocumentVersion) -> None:
    """Ask for the passages of a copy to be indexed as they are."""
    ids = session.scalars(
        select(Chunk.id).where(Chunk.document_version_id == version.id, Chunk.chunking == version.chunking)
    ).all()
    version.expected_count, version.expected_digest = len(ids), chunk_digest(list(ids))
    session.add(
        Job(
            organization_id=version.organization_id,
            kind=INGEST_JOB,
            subject_id=version.id,
            payload={ACCEPTED: True},
        )
    )
    payload = {"document_id": str(version.document_id)}
    outbox.emit(session, version.organization_id, outbox.STAGED, subject_id=version.id, payload=payload)
