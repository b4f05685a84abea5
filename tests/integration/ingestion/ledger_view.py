"""What tests look at: the ledger of an organization and what its vector table holds."""

import uuid
from dataclasses import dataclass

from sqlalchemy import func, select

from storage.postgres.models.chunk import Chunk
from storage.postgres.models.document import Document
from storage.postgres.models.document_version import DocumentVersion
from storage.postgres.models.embedding import Embedding
from storage.postgres.models.index_version import IndexVersion
from storage.postgres.models.job import Job
from storage.postgres.models.outbox_event import OutboxEvent
from storage.postgres.session import organization_session
from storage.stores import Stores


@dataclass(frozen=True)
class LedgerView:
    """Reads the rows of one organization."""

    stores: Stores
    organization_id: uuid.UUID

    def versions(self) -> list[DocumentVersion]:
        with organization_session(self.stores.app, self.organization_id) as session:
            return list(session.scalars(select(DocumentVersion).order_by(DocumentVersion.number)))

    def version(self, version_id: uuid.UUID) -> DocumentVersion:
        with organization_session(self.stores.app, self.organization_id) as session:
            return session.get_one(DocumentVersion, version_id)

    def document(self, document_id: uuid.UUID) -> Document:
        with organization_session(self.stores.app, self.organization_id) as session:
            return session.get_one(Document, document_id)

    def jobs(self) -> list[Job]:
        with organization_session(self.stores.app, self.organization_id) as session:
            return list(session.scalars(select(Job).order_by(Job.created_at)))

    def events(self, topic: str) -> list[OutboxEvent]:
        with organization_session(self.stores.app, self.organization_id) as session:
            return list(session.scalars(select(OutboxEvent).where(OutboxEvent.topic == topic)))

    def chunks(self, version_id: uuid.UUID) -> list[Chunk]:
        with organization_session(self.stores.app, self.organization_id) as session:
            query = select(Chunk).where(Chunk.document_version_id == version_id).order_by(Chunk.ordinal)
            return list(session.scalars(query))

    def embedding_count(self) -> int:
        with organization_session(self.stores.app, self.organization_id) as session:
            return session.scalar(select(func.count()).select_from(Embedding)) or 0

    def index(self) -> IndexVersion:
        with organization_session(self.stores.app, self.organization_id) as session:
            return session.scalars(select(IndexVersion)).one()

    def indexed_chunks(self) -> list[uuid.UUID]:
        """Chunk ids in the vector table, duplicates included."""
        return sorted(row.chunk_id for row in self.stores.vectors.rows(self.index().table_name))
