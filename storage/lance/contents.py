"""What a vector table holds, read back in full."""

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from storage.records.digest import chunk_digest
from storage.records.vector import Vector


@dataclass(frozen=True, slots=True)
class VersionContents:
    """The rows of one document version in a table: how many, their digest, and their chunk ids."""

    row_count: int
    digest: bytes
    chunk_ids: tuple[uuid.UUID, ...]

    @classmethod
    def of(cls, chunk_ids: list[uuid.UUID]) -> "VersionContents":
        """Count and digest of these ids, duplicates included."""
        return cls(row_count=len(chunk_ids), digest=chunk_digest(chunk_ids), chunk_ids=tuple(chunk_ids))


@dataclass(frozen=True, slots=True)
class StoredRow:
    """One row as read back; the vector is kept as a fingerprint so that a whole table fits in memory."""

    chunk_id: uuid.UUID
    document_version_id: uuid.UUID
    knowledge_base_id: uuid.UUID
    terms_key: str
    fingerprint: bytes


def vector_fingerprint(vector: Vector) -> bytes:
    """Eight bytes that change when the vector does."""
    return hashlib.blake2b(vector.tobytes(), digest_size=8).digest()


def group_by_version(rows: Iterator[StoredRow]) -> dict[uuid.UUID, VersionContents]:
    """Contents per document version."""
    ids: dict[uuid.UUID, list[uuid.UUID]] = {}
    for row in rows:
        ids.setdefault(row.document_version_id, []).append(row.chunk_id)
    return {version_id: VersionContents.of(chunk_ids) for version_id, chunk_ids in ids.items()}
