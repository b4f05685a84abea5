"""Accepts documents: steps 1 and 2 of the ingest protocol. Uploads and sources both come in here.

When `accept` returns, the bytes are on disk, the version is in the ledger and a job waits: nothing is lost from here on.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from ingestion import outbox
from ingestion.crash_points import reach
from ingestion.errors import IntakeError
from ingestion.pipeline_version import pipeline_version
from ingestion.settings import IngestSettings, ingest_settings
from ingestion.staging import Accepted as Accepted
from ingestion.staging import Offer, stage
from storage.files.store import content_key
from storage.postgres.models.base import JsonObject
from storage.postgres.models.document import Document
from storage.postgres.models.document_version import DocumentVersion, VersionState
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.postgres.models.organization import Organization
from storage.postgres.session import organization_session
from storage.stores import Stores

_LONGEST_NAME = 512
_LONGEST_URI = 2000
_LONGEST_TYPE = 150


def accept(
    stores: Stores,
    *,
    organization_id: uuid.UUID,
    knowledge_base_id: uuid.UUID,
    source_uri: str,
    name: str,
    data: bytes | Path,
    declared_type: str | None = None,
    created_by: uuid.UUID | None = None,
    custom_metadata: JsonObject | None = None,
    ingestion_id: uuid.UUID | None = None,
    group_ids: Sequence[uuid.UUID] | None = None,
    settings: IngestSettings | None = None,
) -> Accepted:
    """Take in a document. Blocking but short; call it from a thread, never from an event loop.

    Args:
        stores: The stores.
        organization_id: Whose document.
        knowledge_base_id: One of the organization's knowledge bases.
        source_uri: Where it came from; the same location is the same document, whatever its content.
        name: What the user calls it. It is shown, never used as a path.
        data: The bytes, or a file that holds them.
        declared_type: Media type that came with it; recorded, not believed.
        created_by: The user who gave it.
        custom_metadata: Kept with the document.
        ingestion_id: The ingestion that it is part of, if progress is to be watched.
        group_ids: Groups that alone may read it, from the first moment; None leaves it as it is, and a new one open.
        settings: Limits; the process's settings unless given.

    Returns:
        What became of it.

    Raises:
        IntakeError: Unknown knowledge base, or an unusable name.
        SourceTakenError: There is a document of this source that may not be read by whoever gives this one.
        StorageError: The file store cannot be written; nothing is half-done.
    """
    settings = settings or ingest_settings()
    _check_names(source_uri, name)
    hash_key = _hash_key(stores, organization_id, knowledge_base_id)
    size = len(data) if isinstance(data, bytes) else data.stat().st_size
    if isinstance(data, Path) and size <= settings.max_file_bytes:
        data = data.read_bytes()  # once: a file that changes meanwhile must not be stored under another's hash
        size = len(data)
    offer = Offer(
        organization_id=organization_id,
        knowledge_base_id=knowledge_base_id,
        source_uri=source_uri,
        name=_printable(name)[-_LONGEST_NAME:],
        declared_type=_printable(declared_type)[:_LONGEST_TYPE] if declared_type else None,
        created_by=created_by,
        custom_metadata=custom_metadata or {},
        byte_size=size,
        content_hash=content_key(hash_key, data),
        pipeline_version=pipeline_version(settings),
        ingestion_id=ingestion_id,
        group_ids=None if group_ids is None else tuple(group_ids),
    )
    is_too_large = size > settings.max_file_bytes
    if not is_too_large:
        stores.files.put(organization_id, offer.content_hash, data)
        reach("after_file_stored")
    with organization_session(stores.app, organization_id) as session:
        accepted = stage(session, offer, settings, is_too_large=is_too_large)
    reach("after_staged")
    return accepted


@dataclass(frozen=True, slots=True)
class Known:
    """What is current for a source: the hash of its content, and what is kept with the document."""

    document_id: uuid.UUID
    version_id: uuid.UUID
    content_hash: str
    custom_metadata: JsonObject


class KnownSources:
    """The sources of a knowledge base that are current and were read as they would be now.

    Whoever gives thousands of files asks here first: an unchanged one then costs a hash and no transaction.
    """

    def __init__(
        self,
        stores: Stores,
        *,
        organization_id: uuid.UUID,
        knowledge_base_id: uuid.UUID,
        settings: IngestSettings | None = None,
    ) -> None:
        self._hash_key = _hash_key(stores, organization_id, knowledge_base_id)
        newer = aliased(DocumentVersion)
        has_newer = (
            select(newer.id)
            .where(newer.document_id == Document.id, newer.number > DocumentVersion.number)
            .correlate(Document, DocumentVersion)
            .exists()
        )
        query = (
            select(
                Document.source_uri,
                Document.id,
                Document.custom_metadata,
                DocumentVersion.id.label("version_id"),
                DocumentVersion.content_hash,
            )
            .join(DocumentVersion, DocumentVersion.id == Document.current_version_id)
            .where(
                Document.knowledge_base_id == knowledge_base_id,
                Document.tombstoned_at.is_(None),
                DocumentVersion.state == VersionState.READY,
                DocumentVersion.pipeline_version == pipeline_version(settings or ingest_settings()),
                ~has_newer,
            )
        )
        with organization_session(stores.app, organization_id) as session:
            self._known = {
                row.source_uri: Known(row.id, row.version_id, row.content_hash, row.custom_metadata)
                for row in session.execute(query)
            }

    def unchanged(
        self, source_uri: str, data: bytes | Path, *, custom_metadata: JsonObject | None = None
    ) -> Known | None:
        """The source's current version if giving these bytes and this metadata would change nothing, else None."""
        known = self._known.get(source_uri)
        if known is None or any(known.custom_metadata.get(k) != v for k, v in (custom_metadata or {}).items()):
            return None
        return known if known.content_hash == content_key(self._hash_key, data) else None


def tombstone(stores: Stores, organization_id: uuid.UUID, document_id: uuid.UUID) -> bool:
    """Take a document away. Nobody can read it from the moment this returns; its vectors are removed soon after.

    Returns:
        Whether it was there; an unknown document and another organization's are the same.
    """
    with organization_session(stores.app, organization_id) as session:
        document = session.scalars(
            select(Document)
            .where(Document.id == document_id, Document.organization_id == organization_id)
            .with_for_update()
        ).one_or_none()
        if document is None or document.tombstoned_at is not None:
            return False
        take_away(session, document)
    return True


def take_away_all(session: Session, documents: Sequence[Document]) -> None:
    """As `take_away`, of several."""
    for document in documents:
        take_away(session, document)


def take_away(session: Session, document: Document) -> None:
    """As `tombstone`, in the caller's transaction, of a document that the caller holds locked."""
    document.tombstoned_at = func.now()
    if document.current_version_id is not None:
        outbox.emit(
            session,
            document.organization_id,
            outbox.VECTOR_DELETE,
            subject_id=document.current_version_id,
            payload={"document_id": str(document.id)},
        )


def _check_names(source_uri: str, name: str) -> None:
    if not name.strip() or not _printable(name).strip():
        raise IntakeError("The document has no name. Give it one, for example `handbook.pdf`.")
    if not source_uri or len(source_uri) > _LONGEST_URI or _printable(source_uri) != source_uri:
        raise IntakeError(
            f"`source_uri` must have 1 to {_LONGEST_URI} printable characters; it has {len(source_uri)}. "
            "Use the path or address that the document came from."
        )


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "�" for character in text)


def _hash_key(stores: Stores, organization_id: uuid.UUID, knowledge_base_id: uuid.UUID) -> bytes:
    with organization_session(stores.app, organization_id) as session:
        hash_key = session.scalar(
            select(Organization.hash_key)
            .join(KnowledgeBase, KnowledgeBase.organization_id == Organization.id)
            .where(
                Organization.id == organization_id,
                KnowledgeBase.id == knowledge_base_id,
                KnowledgeBase.archived_at.is_(None),
            )
        )
    if hash_key is None:
        raise IntakeError(
            f"The organization has no open knowledge base {knowledge_base_id}. "
            "Make one first, or choose one of its knowledge bases."
        )
    return hash_key
