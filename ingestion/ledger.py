"""The transactions of the ingest protocol after staging. Each checks the fence before it writes."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func, select, text, update
from sqlalchemy.orm import Session

from ingestion import outbox
from ingestion.embedding.cache import store_vectors
from ingestion.leases import Lease, check_fence
from ingestion.live_index import hold_live
from ingestion.manifests import write_manifest
from ingestion.passages import Passage, store_passages
from ingestion.quality import Quality, far_worse
from ingestion.staging import ACCEPTED
from storage.analysis.analyzer import passage_terms, terms_key
from storage.lance.contents import VersionContents
from storage.postgres.models.chunk import Chunk
from storage.postgres.models.document import Document
from storage.postgres.models.document_version import DocumentVersion, VersionState
from storage.postgres.models.embedding import Embedding
from storage.postgres.models.index_version import IndexVersion
from storage.postgres.models.job import JobState
from storage.postgres.models.organization import Organization
from storage.records.failure_type import FailureType
from storage.records.parsed_document import ParsedDocument
from storage.records.vector import Vector, VectorRow, vector_from_bytes


@dataclass(frozen=True, slots=True)
class Work:
    """What a leased job is about."""

    organization_id: uuid.UUID
    hash_key: bytes
    document_id: uuid.UUID
    knowledge_base_id: uuid.UUID
    version_id: uuid.UUID
    content_hash: str
    name: str
    declared_type: str | None
    is_accepted: bool = False


def begin(session: Session, lease: Lease) -> Work | None:
    """Mark the version as being worked on.

    Returns:
        What to do; None when the document was taken away and the job is cancelled.

    Raises:
        LeaseLostError: The job is not ours any more.
    """
    job = check_fence(session, lease)
    version = session.get_one(DocumentVersion, lease.version_id)
    document = session.get_one(Document, version.document_id)
    if document.tombstoned_at is not None:
        version.state, version.superseded_at = VersionState.SUPERSEDED, func.now()
        job.state, job.finished_at = JobState.CANCELLED, func.now()
        return None
    version.state = VersionState.PROCESSING
    version.pages_done = version.pages_total = version.passages_done = version.passages_total = None
    organization = session.get_one(Organization, lease.organization_id)
    return Work(
        organization_id=lease.organization_id,
        hash_key=organization.hash_key,
        document_id=document.id,
        knowledge_base_id=document.knowledge_base_id,
        version_id=version.id,
        content_hash=version.content_hash,
        name=document.name,
        declared_type=version.declared_type,
        is_accepted=bool(job.payload.get(ACCEPTED)),
    )


def note_pages(session: Session, lease: Lease, *, done: int, total: int) -> None:
    """Say how far reading a version is, for whoever watches.

    Raises:
        LeaseLostError: The job is not ours any more, or somebody cancelled it: reading on would be for nothing.
    """
    check_fence(session, lease)
    session.execute(
        update(DocumentVersion).where(DocumentVersion.id == lease.version_id).values(pages_done=done, pages_total=total)
    )


def note_passages(session: Session, lease: Lease, *, done: int, total: int) -> None:
    """Say how far embedding a version is; raises as `note_pages`."""
    check_fence(session, lease)
    values = {"passages_done": done, "passages_total": total}
    session.execute(update(DocumentVersion).where(DocumentVersion.id == lease.version_id).values(values))


def kept_rows(session: Session, work: Work, index: IndexVersion) -> list[VectorRow] | None:
    """The vectors of a version as it was read before, from Postgres alone; None when they are not all there."""
    version = session.get_one(DocumentVersion, work.version_id)
    if version.chunking != index.chunker:
        return None
    rows = session.execute(
        select(Chunk.id, Chunk.heading_path, Chunk.text, Chunk.language, Embedding.vector)
        .join(
            Embedding,
            and_(
                Embedding.organization_id == Chunk.organization_id,
                Embedding.text_hash == Chunk.text_hash,
                Embedding.model == index.embedding_model,
            ),
        )
        .where(Chunk.document_version_id == version.id, Chunk.chunking == index.chunker)
    ).all()
    found = VersionContents.of([row.id for row in rows])
    if (found.row_count, found.digest) != (version.expected_count, version.expected_digest):
        return None
    return [
        VectorRow(
            row.id,
            work.knowledge_base_id,
            vector_from_bytes(row.vector),
            passage_terms(row.heading_path, row.text, row.language),
            terms_key(row.language),
        )
        for row in rows
    ]


def commit_chunks(
    session: Session,
    lease: Lease,
    *,
    parsed: ParsedDocument,
    text_key: str,
    passages: Sequence[Passage],
    new_vectors: Mapping[str, Vector],
    index: IndexVersion,
    quality: Quality,
    wording: bytes,
) -> None:
    """TX-B: chunks, embeddings and what the vector table must hold; still invisible.

    Chunks that are there already stay: receipts may point at them.

    Raises:
        LeaseLostError: The job is not ours any more.
    """
    check_fence(session, lease)
    version = session.get_one(DocumentVersion, lease.version_id)
    store_passages(
        session,
        passages,
        organization_id=version.organization_id,
        document_id=version.document_id,
        version_id=version.id,
        chunking=index.chunker,
        language=parsed.language,
    )
    store_vectors(session, lease.organization_id, vectors=new_vectors, model=index.embedding_model)
    expected = VersionContents.of([passage.chunk_id for passage in passages])
    version.chunking = index.chunker
    version.expected_count, version.expected_digest = expected.row_count, expected.digest
    version.text_key = text_key
    version.media_type, version.language = parsed.media_type, parsed.language
    version.title, version.author = parsed.title, parsed.author
    version.page_count, version.missing_pages = parsed.page_count, dict(parsed.missing_pages)
    version.parsed_metadata = dict(parsed.metadata)
    version.content_created_at, version.content_modified_at = parsed.created_at, parsed.modified_at
    version.signature = wording
    version.quality = quality.model_dump(mode="json")
    version.findings = [finding.model_dump(mode="json") for finding in parsed.findings]


def hold_if_far_worse(session: Session, lease: Lease, quality: Quality) -> bool:
    """Hold the version back where it reads far worse than the current one; the current one stays.

    A version that its owner accepted goes on, whatever it reads like.

    Returns:
        Whether it is held now; its job is done then.

    Raises:
        LeaseLostError: The job is not ours any more.
    """
    job = check_fence(session, lease)
    version = session.get_one(DocumentVersion, lease.version_id)
    document = session.get_one(Document, version.document_id)
    current = session.get(DocumentVersion, document.current_version_id) if document.current_version_id else None
    if current is None or current.id == version.id or current.quality is None or job.payload.get(ACCEPTED):
        return False
    reason = far_worse(quality, Quality.model_validate(current.quality))
    if reason is None:
        return False
    version.state = VersionState.HELD
    version.failure_reason = f"This version waits for a decision: {reason}. Accept it, or discard it."
    job.state, job.finished_at = JobState.SUCCEEDED, func.now()
    payload = {"document_id": str(document.id), "reason": reason}
    outbox.emit(session, lease.organization_id, outbox.HELD, subject_id=version.id, payload=payload)
    return True


def flip(
    session: Session,
    lease: Lease,
    *,
    index: IndexVersion,
    knowledge_base_id: uuid.UUID,
    lance_version: int,
    contents: VersionContents,
    seconds: float,
) -> VersionState:
    """TX-C: make the version current, write its manifest, tell who listens.

    A version that was overtaken by a newer one, or whose document was taken away, is superseded at once. Where its document
    moved away from `knowledge_base_id`, which its vectors name, they are asked to follow.

    Returns:
        The version's state: ready or superseded.

    Raises:
        LeaseLostError: The job is not ours any more.
        LiveIndexChangedError: The index is not live any more; nothing was written.
    """
    job = check_fence(session, lease)
    hold_live(session, index)
    version = session.get_one(DocumentVersion, lease.version_id)
    document = session.scalars(select(Document).where(Document.id == version.document_id).with_for_update()).one()
    # Read again under the document's lock: intake may have given the version a higher number meanwhile.
    session.refresh(version)
    write_manifest(session, index, version.id, lance_version=lance_version, contents=contents, epoch=lease.epoch)
    job.state, job.finished_at, job.error = JobState.SUCCEEDED, func.now(), None
    version.seconds, version.vectors_removed_at = seconds, None
    current = session.get(DocumentVersion, document.current_version_id) if document.current_version_id else None
    overtaken = current is not None and current.number > version.number
    if document.tombstoned_at is not None or overtaken:
        _supersede(session, version)
        return VersionState.SUPERSEDED
    if current is not None and current.id != version.id:
        _supersede(session, current)
    version.state, version.ready_at, version.superseded_at = VersionState.READY, func.now(), None
    version.failure_type = version.failure_reason = None
    document.current_version_id = version.id
    if document.knowledge_base_id != knowledge_base_id:
        moved = {"document_id": str(document.id)}
        outbox.emit(session, lease.organization_id, outbox.VECTOR_MOVE, subject_id=version.id, payload=moved)
    payload = {"document_id": str(document.id), "passages": contents.row_count, "epoch": lease.epoch}
    outbox.emit(session, lease.organization_id, outbox.READY, subject_id=version.id, payload=payload)
    return VersionState.READY


def fail(session: Session, lease: Lease, *, failure_type: FailureType, reason: str) -> None:
    """The version cannot be read: say why, for good.

    Raises:
        LeaseLostError: The job is not ours any more.
    """
    job = check_fence(session, lease)
    version = session.get_one(DocumentVersion, lease.version_id)
    version.state, version.failure_type, version.failure_reason = VersionState.FAILED, failure_type, reason
    job.state, job.finished_at, job.error = JobState.FAILED, func.now(), f"{failure_type}: {reason}"
    payload = {"document_id": str(version.document_id), "failure_type": failure_type.value}
    outbox.emit(session, lease.organization_id, outbox.FAILED, subject_id=version.id, payload=payload)


def put_back(session: Session, lease: Lease, *, error: str, pause_seconds: float) -> None:
    """Try again later.

    Raises:
        LeaseLostError: The job is not ours any more.
    """
    job = check_fence(session, lease)
    job.state, job.error, job.lease_until = JobState.QUEUED, error, None
    job.run_after = func.now() + text("make_interval(secs => :pause)").bindparams(pause=pause_seconds)
    session.get_one(DocumentVersion, lease.version_id).state = VersionState.STAGED


def _supersede(session: Session, version: DocumentVersion) -> None:
    version.state, version.superseded_at = VersionState.SUPERSEDED, func.now()
    payload = {"document_id": str(version.document_id)}
    outbox.emit(session, version.organization_id, outbox.VECTOR_DELETE, subject_id=version.id, payload=payload)
