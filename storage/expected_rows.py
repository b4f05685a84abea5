"""What a vector table must hold, according to Postgres."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from storage.analysis.analyzer import passage_terms, terms_key
from storage.lance.contents import StoredRow, vector_fingerprint
from storage.postgres.models.chunk import Chunk
from storage.postgres.models.document import Document
from storage.postgres.models.embedding import Embedding
from storage.postgres.models.index_version import IndexVersion
from storage.records.vector import VectorRow, vector_from_bytes

_FETCH_ROWS = 2000


@dataclass(frozen=True, slots=True)
class ExpectedRow:
    """A chunk of a current version of a document that was not taken away; no vector when Postgres lost it."""

    document_version_id: uuid.UUID
    row: VectorRow

    @property
    def stored(self) -> StoredRow:
        """How the row looks when read back."""
        row = self.row
        fingerprint = vector_fingerprint(row.vector)
        return StoredRow(row.chunk_id, self.document_version_id, row.knowledge_base_id, row.terms_key, fingerprint)


def expected_rows(
    session: Session,
    index: IndexVersion,
    chunk_ids: list[uuid.UUID] | None = None,
    *,
    version_ids: Sequence[uuid.UUID] | None = None,
    with_terms: bool = True,
) -> Iterator[ExpectedRow]:
    """The rows of an index version, streamed in the order of versions. Given up in the middle, nothing of it stays open.

    Args:
        session: A session that sees the organization.
        index: Which index; its chunker chooses the passages, its model the embeddings.
        chunk_ids: Only these chunks.
        version_ids: Only chunks of these document versions.
        with_terms: Make the terms of full-text search, too; a comparison needs their key only.
    """
    text = (Chunk.heading_path, Chunk.text) if with_terms else ()
    query = (
        select(Chunk.id, Chunk.document_version_id, Chunk.language, Document.knowledge_base_id, Embedding.vector, *text)
        .join(Document, Document.current_version_id == Chunk.document_version_id)
        .join(
            Embedding,
            and_(
                Embedding.organization_id == Chunk.organization_id,
                Embedding.text_hash == Chunk.text_hash,
                Embedding.model == index.embedding_model,
            ),
        )
        .where(
            Chunk.organization_id == index.organization_id,
            Chunk.chunking == index.chunker,
            Document.tombstoned_at.is_(None),
        )
        .order_by(Chunk.document_version_id, Chunk.ordinal)
        .execution_options(yield_per=_FETCH_ROWS)
    )
    if chunk_ids is not None:
        query = query.where(Chunk.id.in_(chunk_ids))
    if version_ids is not None:
        query = query.where(Chunk.document_version_id.in_(version_ids))
    with session.execute(query) as rows:
        for found in rows:
            terms = passage_terms(found.heading_path, found.text, found.language) if with_terms else ""
            vector = vector_from_bytes(found.vector)
            row = VectorRow(found.id, found.knowledge_base_id, vector, terms, terms_key(found.language))
            yield ExpectedRow(found.document_version_id, row)
