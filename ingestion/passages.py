"""Passages of a version as rows: their ids, what is embedded for them, and their vectors."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ingestion.embedding.cache import text_hash
from ingestion.embedding.embedder import Embedder, default_embedder
from ingestion.embedding.text import embedding_text
from ingestion.language.identification import identify_prose
from storage.analysis.analyzer import passage_terms, terms_key
from storage.postgres.bulk import insert_rows, table_of
from storage.postgres.models.chunk import Chunk
from storage.records.chunk_draft import ChunkDraft
from storage.records.vector import Vector, VectorRow, vector_from_bytes, vector_to_bytes

_CHUNK_NAMESPACE = uuid.UUID("6f1d3a52-8a0e-5c1b-9a57-2f6c0d1e4b83")


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage with its id, the text that is embedded for it, and that text's hash."""

    chunk_id: uuid.UUID
    embedded: str
    text_hash: str
    draft: ChunkDraft

    def language(self, of_document: str | None) -> str | None:
        """A passage long enough to tell speaks for itself; the others have the document's language."""
        return identify_prose(self.draft.text) or of_document

    def row(self, knowledge_base_id: uuid.UUID, vector: Vector, *, language: str | None) -> VectorRow:
        """The passage's row in a vector table; `language` is the document's."""
        own = self.language(language)
        terms = passage_terms(self.draft.heading_path, self.draft.text, own)
        return VectorRow(self.chunk_id, knowledge_base_id, vector, terms, terms_key(own))


def chunk_id(
    organization_id: uuid.UUID, version_id: uuid.UUID, *, chunking: str, ordinal: int, text_hash: str
) -> uuid.UUID:
    """The id of a chunk: the same input gives the same id, so a repeated run writes the same rows."""
    return uuid.uuid5(_CHUNK_NAMESPACE, f"{organization_id}:{version_id}:{chunking}:{ordinal}:{text_hash}")


def text_to_embed(heading_path: Sequence[str], text: str) -> str:
    """What any model is given for a passage.

    It is measured by the product's own model, whatever model reads it: then one hash stands for a passage in all.
    """
    ruler = default_embedder()
    return embedding_text(heading_path, text, count_tokens=ruler.count_tokens, room=ruler.max_tokens)


def as_passages(
    session: Session,
    drafts: Sequence[ChunkDraft],
    *,
    organization_id: uuid.UUID,
    hash_key: bytes,
    version_id: uuid.UUID,
    chunking: str,
) -> list[Passage]:
    """Give passages their ids. One that is stored already keeps the id that it has: receipts may point at it."""
    stored = session.execute(
        select(Chunk.id, Chunk.ordinal, Chunk.text_hash).where(
            Chunk.document_version_id == version_id, Chunk.chunking == chunking
        )
    )
    known: dict[tuple[int, str], uuid.UUID] = {(row.ordinal, row.text_hash): row.id for row in stored}
    passages = []
    for draft in drafts:
        embedded = text_to_embed(draft.heading_path, draft.text)
        key = text_hash(hash_key, embedded)
        fresh = chunk_id(organization_id, version_id, chunking=chunking, ordinal=draft.ordinal, text_hash=key)
        passages.append(Passage(known.get((draft.ordinal, key), fresh), embedded, key, draft))
    return passages


def compute_vectors(embedder: Embedder, texts: Mapping[str, str]) -> dict[str, Vector]:
    """Vectors of texts by their hashes, as Postgres keeps them to the bit: a rebuilt table then equals this one."""
    vectors = embedder.embed(list(texts.values()))
    return {key: vector_from_bytes(vector_to_bytes(vector)) for key, vector in zip(texts, vectors, strict=True)}


def store_passages(
    session: Session,
    passages: Sequence[Passage],
    *,
    organization_id: uuid.UUID,
    document_id: uuid.UUID,
    version_id: uuid.UUID,
    chunking: str,
    language: str | None,
) -> None:
    """Make these the passages of a version in one chunking; those of other chunkings stay as they are."""
    ids = [passage.chunk_id for passage in passages]
    session.execute(
        delete(Chunk).where(Chunk.document_version_id == version_id, Chunk.chunking == chunking, Chunk.id.not_in(ids))
    )
    rows = [
        {
            "id": passage.chunk_id,
            "organization_id": organization_id,
            "document_version_id": version_id,
            "document_id": document_id,
            "chunking": chunking,
            "text_hash": passage.text_hash,
            "language": passage.language(language),
            **_columns(passage.draft),
        }
        for passage in passages
    ]
    insert_rows(session, table_of(Chunk), rows)


def _columns(draft: ChunkDraft) -> dict[str, object]:
    return {
        "ordinal": draft.ordinal,
        "text": draft.text,
        "token_count": draft.token_count,
        "page_start": draft.page_start,
        "page_end": draft.page_end,
        "boxes": [list(box) for box in draft.boxes] if draft.boxes else None,
        "heading_path": list(draft.heading_path),
        "char_start": draft.char_start,
        "char_end": draft.char_end,
        "parent_start": draft.parent[0] if draft.parent else None,
        "parent_end": draft.parent[1] if draft.parent else None,
        "flags": list(draft.flags),
    }
