"""What people decide about versions of a document: accept or discard one that is held, go back, cancel, resume."""

import uuid
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from ingestion import outbox
from ingestion.errors import UnknownVersionError, VersionError
from ingestion.staging import ACCEPTED, INGEST_JOB, WAITING, Accepted
from storage.postgres.models.base import JsonObject
from storage.postgres.models.document import Document
from storage.postgres.models.document_version import DocumentVersion, VersionState
from storage.postgres.models.job import Job, JobState
from storage.postgres.session import organization_session
from storage.stores import Stores

_CAN_BECOME_CURRENT = (VersionState.SUPERSEDED, VersionState.HELD, VersionState.READY)


def make_current(stores: Stores, organization_id: uuid.UUID, version_id: uuid.UUID) -> Accepted:
    """Make a version that was read before the document's current one: go back, or accept one that is held.

    The current version stays until this one is searchable. Nothing is read or embedded again.

    Args:
        stores: The stores.
        organization_id: Whose document.
        version_id: A version that was superseded, or is held.

    Returns:
        `staged` with the job that does it, or `unchanged` when it is current already.

    Raises:
        VersionError: Unknown, or a version that was never read.
    """
    with organization_session(stores.app, organization_id) as session:
        document, version = _locked(session, version_id)
        if document.current_version_id == version.id and version.state == VersionState.READY:
            return Accepted(document_id=document.id, version_id=version.id, job_id=None, state="unchanged")
        if version.state not in _CAN_BECOME_CURRENT:
            raise VersionError(
                f"Version {version.number} is {version.state}; only one that was read can become current. "
                "Give the file again, or choose another version."
            )
        return _stage(session, document, version, payload={ACCEPTED: True})


def discard(stores: Stores, organization_id: uuid.UUID, version_id: uuid.UUID) -> None:
    """Decide against a version that is held; the current one stays.

    Raises:
        VersionError: Unknown, or not held.
    """
    with organization_session(stores.app, organization_id) as session:
        _, version = _locked(session, version_id)
        if version.state != VersionState.HELD:
            raise VersionError(f"Version {version.number} is {version.state}; only one that is held can be discarded.")
        version.state, version.superseded_at = VersionState.SUPERSEDED, func.now()


def cancel(stores: Stores, organization_id: uuid.UUID, version_id: uuid.UUID) -> bool:
    """Stop reading a version. Whoever holds its job writes nothing more; the current version stays.

    Returns:
        Whether there was anything to stop.

    Raises:
        VersionError: Unknown.
    """
    with organization_session(stores.app, organization_id) as session:
        # The job first, as workers do: two locks that are taken in one order never wait for each other in a ring.
        jobs = session.scalars(
            select(Job)
            .where(
                Job.kind == INGEST_JOB,
                Job.subject_id == version_id,
                Job.state.in_((JobState.QUEUED, JobState.LEASED)),
            )
            .with_for_update()
        ).all()
        _, version = _locked(session, version_id)
        if version.state not in WAITING:
            return False
        for job in jobs:
            job.state, job.finished_at, job.epoch = JobState.CANCELLED, func.now(), job.epoch + 1
        version.state = VersionState.CANCELLED
        return True


def resume(stores: Stores, organization_id: uuid.UUID, version_id: uuid.UUID) -> Accepted:
    """Read a version that was cancelled after all. Passages that another version shares are not embedded again.

    Raises:
        VersionError: Unknown, or not cancelled.
    """
    with organization_session(stores.app, organization_id) as session:
        document, version = _locked(session, version_id)
        if version.state != VersionState.CANCELLED:
            raise VersionError(f"Version {version.number} is {version.state}; only a cancelled one can be resumed.")
        return _stage(session, document, version, payload={})


def read_again(session: Session, documents: Sequence[Document]) -> int:
    """Ask for the newest versions of documents to be read and indexed again; what is searchable stays so meanwhile.

    One that waits to be read, or for a decision, is left as it is.

    Args:
        session: A session of the organization.
        documents: Documents, locked.

    Returns:
        How many will be read.
    """
    newest = session.scalars(
        select(DocumentVersion)
        .ext(distinct_on(DocumentVersion.document_id))
        .where(DocumentVersion.document_id.in_([row.id for row in documents]))
        .order_by(DocumentVersion.document_id, DocumentVersion.number.desc())
    )
    by_document = {version.document_id: version for version in newest}
    asked = 0
    for document in documents:
        version = by_document.get(document.id)
        if version is not None and version.state not in (*WAITING, VersionState.HELD):
            _stage(session, document, version, payload={})
            asked += 1
    return asked


def _locked(session: Session, version_id: uuid.UUID) -> tuple[Document, DocumentVersion]:
    version = session.get(DocumentVersion, version_id)
    document = (
        session.scalars(select(Document).where(Document.id == version.document_id).with_for_update()).one()
        if version is not None
        else None
    )
    if version is None or document is None or document.tombstoned_at is not None:
        raise UnknownVersionError(
            f"There is no version {version_id}. List the document's versions and choose one of them."
        )
    session.refresh(version)  # as it is now that nobody else can change it
    return document, version


def _stage(session: Session, document: Document, version: DocumentVersion, *, payload: JsonObject) -> Accepted:
    newest = session.scalar(select(func.max(DocumentVersion.number)).where(DocumentVersion.document_id == document.id))
    if version.number != newest:
        version.number = (newest or 0) + 1  # what was decided last wins
    version.state = VersionState.STAGED
    version.failure_type = version.failure_reason = None
    version.pages_done = version.pages_total = version.passages_done = version.passages_total = None
    job = Job(organization_id=document.organization_id, kind=INGEST_JOB, subject_id=version.id, payload=payload)
    session.add(job)
    outbox.emit(
        session,
        document.organization_id,
        outbox.STAGED,
        subject_id=version.id,
        payload={"document_id": str(document.id)},
    )
    session.flush()
    return Accepted(document_id=document.id, version_id=version.id, job_id=job.id, state="staged")
