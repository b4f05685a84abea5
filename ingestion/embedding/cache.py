"""Embeddings kept in Postgres: a text is embedded once per organization and model, however often it appears."""

import hashlib
import hmac
import uuid
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.postgres.bulk import insert_rows, table_of
from storage.postgres.models.embedding import Embedding
from storage.records.vector import Vector, vector_from_bytes, vector_to_bytes

_PER_STATEMENT = 1000


def text_hash(hash_key: bytes, text: str) -> str:
    """HMAC-SHA256 of an embedded text under the organization's key, in hex.

    It is the hash of what the model reads (`ingestion.embedding.text.embedding_text`), not of the passage alone:
    the same passage under another heading is another vector.
    """
    return hmac.new(hash_key, text.encode("utf-8", errors="replace"), hashlib.sha256).hexdigest()


def load_vectors(
    session: Session, organization_id: uuid.UUID, *, hashes: Sequence[str], model: str
) -> dict[str, Vector]:
    """The stored vectors of these hashes, float32[dimension]; hashes without one are left out."""
    found: dict[str, Vector] = {}
    unique = sorted(set(hashes))
    for start in range(0, len(unique), _PER_STATEMENT):
        rows = session.execute(
            select(Embedding.text_hash, Embedding.vector).where(
                Embedding.organization_id == organization_id,
                Embedding.model == model,
                Embedding.text_hash.in_(unique[start : start + _PER_STATEMENT]),
            )
        )
        found.update((row.text_hash, vector_from_bytes(row.vector)) for row in rows)
    return found


def store_vectors(session: Session, organization_id: uuid.UUID, *, vectors: Mapping[str, Vector], model: str) -> None:
    """Keep vectors; one that is there already stays as it is, because tables were built from it."""
    rows = [
        {
            "organization_id": organization_id,
            "text_hash": key,
            "model": model,
            "dimension": len(vector),
            "vector": vector_to_bytes(vector),
        }
        for key, vector in sorted(
            vectors.items()
        )  # one order for all writers, so that none waits for another in a ring
    ]
    insert_rows(session, table_of(Embedding), rows)
