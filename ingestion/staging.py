"""Writes an offered document to the ledger: step 2 of the ingest protocol, one transaction."""

import uuid
from typing import Literal

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ingestion import outbox
from ingestion.errors import SourceTakenError
from ingestion.parsing.ocr import ocr_available
from ingestion.settings import IngestSettings
from storage.postgres.models.base import JsonObject
from storage.postgres.models.document import Document
from storage.postgres.models.document_version import DocumentVersion, VersionState
from storage.postgres.models.ingestion import Ingestion
from storage.postgres.models.job import Job
from storage.records.failure_type import FailureType
from storage.records.record import Record

INGEST_JOB = "ingest"
ACCEPTED = "is_accepted"  # in a job's payload: somebody decided for this version, as it was read before
WAITING = (VersionState.STAGED, VersionState.PROCESSING)
_WORTH_RETRYING = (FailureType.INTERNAL, FailureType.FILE_MISSING)


class Accepted(Record):
    """What became of a document that was given.

    `staged`: new work waits. `unchanged`: the same bytes were given before; no new work, and if they could not be read,
    the failure. `failed`: refused for its size, which is on record as a failed version.
    """

    document_id: uuid.UUID
    version_id: uuid.UUID
    job_id: uuid.UUID | None
    state: Literal["staged", "unchanged", "failed"]
    failure_type: FailureType | None = None
    failure_reason: str | None = None


class Offer(Record):
    """A document as given: where it came from, what it is called, and what its content hashes to.

    `group_ids` restricts it from its first moment; None leaves it as it is, and a new one open.
    """

    organization_id: uuid.UUID
    knowledge_base_id: uuid.UUID
    source_uri: str
    name: str
    declared_type: str | None
    created_by: uuid.UUID | None
    custom_metadata: JsonObject
    byte_size: int
    content_hash: str
    pipeline_version: str
    ingestion_id: uuid.UUID | None = None
    group_ids: tuple[uuid.UUID, ...] | None = None


def stage(session: Session, offer: Offer, settings: IngestSettings, *, is_too_large: bool) -> Accepted:
    """Write an offered document to the ledger.

    Args:
        session: A session of the organization.
        offer: What was given; its bytes are stored already unless they are too large.
        settings: Limits.
        is_too_large: Refuse it, on record.

    Returns:
        What became of it.

    Raises:
        SourceTakenError: There is a document of its source that the session may not read.
    """
    document = _locked_document(session, offer)
    version = session.scalars(
        select(DocumentVersion).where(
            DocumentVersion.document_id == document.id,
            DocumentVersion.content_hash == offer.content_hash,
            DocumentVersion.pipeline_version == offer.pipeline_version,
        )
    ).one_or_none()
    newest = session.scalar(select(func.max(DocumentVersion.number)).where(DocumentVersion.document_id == document.id))
    newest = newest or 0
    if version is not None and _is_settled(
        session, document, version, newest, settings=settings, is_too_large=is_too_large
    ):
        _count_unchanged(session, offer, version)
        return Accepted(
            document_id=document.id,
            version_id=version.id,
            job_id=None,
            state="unchanged",
            failure_type=FailureType(version.failure_type) if version.failure_type else None,
            failure_reason=version.failure_reason,
        )
    _bring_back(document, session)
    if version is None:
        version = _new_version(offer, document)
        session.add(version)
    version.number = newest + 1
    version.ingestion_id = offer.ingestion_id
    session.flush()
    if is_too_large:
        return _refuse(session, offer, version, settings.max_file_bytes)
    return _stage(session, offer, version, settings)


def _count_unchanged(session: Session, offer: Offer, version: DocumentVersion) -> None:
    """A version that still waits counts where it was given first, and here as one that needs no more work."""
    if offer.ingestion_id is not None and offer.ingestion_id != version.ingestion_id:
        session.execute(
            update(Ingestion).where(Ingestion.id == offer.ingestion_id).values(unchanged=Ingestion.unchanged + 1)
        )


def _locked_document(session: Session, offer: Offer) -> Document:
    values = {
        "id": uuid.uuid4(),
        "organization_id": offer.organization_id,
        "knowledge_base_id": offer.knowledge_base_id,
        "source_uri": offer.source_uri,
        "name": offer.name,
        "created_by": offer.created_by,
        "custom_metadata": offer.custom_metadata,
        "group_ids": None if offer.group_ids is None else list(offer.group_ids),
    }
    session.execute(insert(Document).values(values).on_conflict_do_nothing())
    document = session.scalars(
        select(Document)
        .where(
            Document.organization_id == offer.organization_id,
            Document.knowledge_base_id == offer.knowledge_base_id,
            Document.source_uri == offer.source_uri,
        )
        .with_for_update()
    ).one_or_none()
    if document is None:  # it is there, or it would have been written; row-level security does not show it
        raise SourceTakenError(
            "A document of this name is in the knowledge base already, and you may not replace it. Choose another name."
        )
    document.custom_metadata = {**document.custom_metadata, **offer.custom_metadata}
    if offer.group_ids is not None:
        document.group_ids = list(offer.group_ids)
    return document


def _is_settled(
    session: Session,
    document: Document,
    version: DocumentVersion,
    newest: int,
    *,
    settings: IngestSettings,
    is_too_large: bool,
) -> bool:
    """Whether these bytes need no new work. What was given last wins, so its number becomes the highest."""
    if document.tombstoned_at is not None:
        return False
    if version.state == VersionState.FAILED:
        if version.failure_type == FailureType.OCR_UNAVAILABLE:
            return not ocr_available()
        if version.failure_type == FailureType.ENCRYPTED:
            return not settings.passwords
        if version.failure_type == FailureType.TOO_LARGE:
            return is_too_large or _was_tried(session, version)
        return version.failure_type not in _WORTH_RETRYING
    if version.state == VersionState.HELD:
        return True  # it waits for a decision, and reading it again would not change that
    is_current = version.state == VersionState.READY and document.current_version_id == version.id
    if not is_current and version.state not in WAITING:
        return False
    if version.number < newest and _has_newer_waiting(session, document, version):
        version.number = newest + 1
    return True


def _was_tried(session: Session, version: DocumentVersion) -> bool:
    """Whether a worker had it; if not, it was refused for its size, and the limit may have been raised since."""
    return session.scalar(select(Job.id).where(Job.subject_id == version.id).limit(1)) is not None


def _has_newer_waiting(session: Session, document: Document, version: DocumentVersion) -> bool:
    newer = select(DocumentVersion.id).where(
        DocumentVersion.document_id == document.id,
        DocumentVersion.number > version.number,
        DocumentVersion.state.in_((*WAITING, VersionState.READY)),
    )
    return session.scalar(newer.limit(1)) is not None


def _bring_back(document: Document, session: Session) -> None:
    """A document that was taken away and is given again starts empty: nothing old shows up before the new is ready."""
    if document.tombstoned_at is None:
        return
    if document.current_version_id is not None:
        old = session.get_one(DocumentVersion, document.current_version_id)
        old.state, old.superseded_at = VersionState.SUPERSEDED, func.now()
    document.current_version_id = None
    document.tombstoned_at = None


def _new_version(offer: Offer, document: Document) -> DocumentVersion:
    return DocumentVersion(
        organization_id=offer.organization_id,
        document_id=document.id,
        content_hash=offer.content_hash,
        pipeline_version=offer.pipeline_version,
        declared_type=offer.declared_type,
        byte_size=offer.byte_size,
    )


def _stage(session: Session, offer: Offer, version: DocumentVersion, settings: IngestSettings) -> Accepted:
    version.state = VersionState.STAGED
    version.pages_done = version.pages_total = version.passages_done = version.passages_total = None
    version.failure_type = version.failure_reason = None
    job = Job(
        organization_id=offer.organization_id,
        kind=INGEST_JOB,
        subject_id=version.id,
        max_attempts=settings.max_attempts,
    )
    session.add(job)
    payload = {"document_id": str(version.document_id)}
    outbox.emit(session, offer.organization_id, outbox.STAGED, subject_id=version.id, payload=payload)
    session.flush()
    return Accepted(document_id=version.document_id, version_id=version.id, job_id=job.id, state="staged")


def _refuse(session: Session, offer: Offer, version: DocumentVersion, limit: int) -> Accepted:
    version.state = VersionState.FAILED
    version.failure_type = FailureType.TOO_LARGE
    version.failure_reason = (
        f"The file has {offer.byte_size / 1e6:.1f} MB; at most {limit / 1e6:g} MB are accepted. "
        "Split it, make it smaller, or raise PIXEL_INGEST_MAX_FILE_BYTES."
    )
    payload = {"document_id": str(version.document_id), "failure_type": FailureType.TOO_LARGE.value}
    outbox.emit(session, offer.organization_id, outbox.FAILED, subject_id=version.id, payload=payload)
    return Accepted(
        document_id=version.document_id,
        version_id=version.id,
        job_id=None,
        state="failed",
        failure_type=FailureType.TOO_LARGE,
        failure_reason=version.failure_reason,
    )
