"""Whether a vector table holds exactly the rows that Postgres says: looked at in full, no model needed."""

from sqlalchemy import exists, func, select

from storage.postgres.models.chunk import Chunk
from storage.postgres.models.document import Document
from storage.postgres.models.embedding import Embedding
from storage.postgres.models.index_version import IndexVersion
from storage.postgres.session import organization_session
from storage.reconciler import compare
from storage.records.record import Record
from storage.stores import Stores


class Integrity(Record):
    """Rows that are wrong, by kind. `without_vector` are passages whose vector Postgres itself has lost."""

    expected: int
    found: int
    missing: int
    extra: int
    duplicate: int
    stale: int
    without_vector: int
    is_unreadable: bool

    @property
    def wrong_rows(self) -> int:
        """How many rows are wrong; 0 for a table that is as it must be."""
        return self.missing + self.extra + self.duplicate + self.stale + self.without_vector

    @property
    def is_whole(self) -> bool:
        """Whether the table is as it must be."""
        return self.wrong_rows == 0 and not self.is_unreadable

    def describe(self) -> str:
        """For example `2 of 40 rows missing, 1 foreign`."""
        if self.is_unreadable:
            return f"the table cannot be read; {self.expected} rows are expected"
        kinds = {
            "missing": self.missing,
            "foreign": self.extra,
            "twice there": self.duplicate,
            "with another vector or place": self.stale,
            "without a stored vector": self.without_vector,
        }
        wrong = ", ".join(f"{count} {kind}" for kind, count in kinds.items() if count)
        return f"of {self.expected} rows: {wrong}" if wrong else f"all {self.expected} rows agree with Postgres"


def check_rows(stores: Stores, index: IndexVersion) -> Integrity:
    """Compare the table of an index version with Postgres: ids, document versions, knowledge bases and vectors."""
    drift = compare(stores, index)
    return Integrity(
        expected=drift.expected,
        found=drift.found,
        missing=drift.missing,
        extra=drift.extra,
        duplicate=drift.duplicate,
        stale=drift.stale,
        without_vector=_without_vector(stores, index),
        is_unreadable=drift.is_unreadable,
    )


def _without_vector(stores: Stores, index: IndexVersion) -> int:
    has_vector = exists().where(
        Embedding.organization_id == Chunk.organization_id,
        Embedding.text_hash == Chunk.text_hash,
        Embedding.model == index.embedding_model,
    )
    with organization_session(stores.app, index.organization_id) as session:
        return (
            session.scalar(
                select(func.count())
                .select_from(Chunk)
                .join(Document, Document.current_version_id == Chunk.document_version_id)
                .where(Chunk.chunking == index.chunker, Document.tombstoned_at.is_(None), ~has_vector)
            )
            or 0
        )
