"""The read gate: candidate ids from the vector table become text only through this join, under row-level security."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.postgres.models.chunk import Chunk
from storage.postgres.models.document import Document
from storage.postgres.models.index_version import IndexStatus, IndexVersion
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.postgres.session import AnyRow


async def find_index(session: AsyncSession, index_version_id: uuid.UUID | None = None) -> IndexVersion | None:
    """An index version of the organization: the live one unless another is named; None when there is none."""
    is_wanted = IndexVersion.id == index_version_id if index_version_id else IndexVersion.status == IndexStatus.LIVE
    found: IndexVersion | None = await session.scalar(select(IndexVersion).where(is_wanted))
    return found


async def readable_chunks(
    session: AsyncSession, chunk_ids: Sequence[uuid.UUID], knowledge_base_ids: Sequence[uuid.UUID], *, chunking: str
) -> dict[uuid.UUID, AnyRow]:
    """Chunks among `chunk_ids` that may be read now.

    They are of the index's own cut of a document's current version, not tombstoned, in a readable knowledge base.
    """
    statement = (
        select(Chunk, Document.name, Document.knowledge_base_id)
        .join(Document, Document.id == Chunk.document_id)
        .join(KnowledgeBase, KnowledgeBase.id == Document.knowledge_base_id)
        .where(
            Chunk.id.in_(chunk_ids),
            Chunk.chunking == chunking,
            Document.current_version_id == Chunk.document_version_id,
            Document.tombstoned_at.is_(None),
            Document.knowledge_base_id.in_(knowledge_base_ids),
            KnowledgeBase.archived_at.is_(None),
        )
    )
    return {row.Chunk.id: row for row in await session.execute(statement)}
