"""Queries of judgements."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from serving.judgements.judged import judged_labels
from storage.postgres.models.chunk import Chunk
from storage.postgres.models.document import Document
from storage.postgres.models.document_version import DocumentVersion
from storage.postgres.models.retrieval_label import RetrievalLabel
from storage.postgres.session import AnyRow


@dataclass(frozen=True)
class Place:
    """Characters of a document version."""

    knowledge_base_id: uuid.UUID
    document_id: uuid.UUID
    document_version_id: uuid.UUID
    char_start: int
    char_end: int


async def place_of_chunk(session: AsyncSession, chunk_id: uuid.UUID) -> Place | None:
    """Where a passage stands, if whoever asks may read it."""
    row = (
        await session.execute(
            select(
                Document.knowledge_base_id,
                Chunk.document_id,
                Chunk.document_version_id,
                Chunk.char_start,
                Chunk.char_end,
            )
            .join(Document, Document.id == Chunk.document_id)
            .where(Chunk.id == chunk_id, Document.tombstoned_at.is_(None))
        )
    ).one_or_none()
    return Place(*row) if row is not None else None


async def place_of_span(session: AsyncSession, version_id: uuid.UUID, start: int, end: int) -> Place | None:
    """Characters of a version, if whoever asks may read it."""
    row = (
        await session.execute(
            select(Document.knowledge_base_id, Document.id)
            .join(DocumentVersion, DocumentVersion.document_id == Document.id)
            .where(DocumentVersion.id == version_id, Document.tombstoned_at.is_(None))
        )
    ).one_or_none()
    return Place(row.knowledge_base_id, row.id, version_id, start, end) if row is not None else None


async def label_of(session: AsyncSession, query: str, place: Place) -> RetrievalLabel | None:
    """What was said of a place for a query."""
    found: RetrievalLabel | None = await session.scalar(
        select(RetrievalLabel)
        .where(
            RetrievalLabel.query == query,
            RetrievalLabel.document_version_id == place.document_version_id,
            RetrievalLabel.char_start == place.char_start,
            RetrievalLabel.char_end == place.char_end,
        )
        .limit(1)
        .with_for_update()
    )
    return found


async def label(session: AsyncSession, label_id: uuid.UUID) -> RetrievalLabel | None:
    """One label."""
    return await session.get(RetrievalLabel, label_id)


def _rows() -> Select[*tuple[Any, ...]]:
    return (
        select(
            *RetrievalLabel.__table__.columns,
            Document.name.label("document_name"),
            (Document.current_version_id == RetrievalLabel.document_version_id).label("is_current"),
        )
        .join(Document, Document.id == RetrievalLabel.document_id)
        .where(Document.tombstoned_at.is_(None))
    )


async def label_row(session: AsyncSession, label_id: uuid.UUID) -> AnyRow:
    """One label with the name of its document."""
    return (await session.execute(_rows().where(RetrievalLabel.id == label_id))).one()


async def label_rows(
    session: AsyncSession, knowledge_base_id: uuid.UUID | None, *, limit: int, offset: int
) -> Sequence[AnyRow]:
    """Labels by query, of one knowledge base or of all."""
    statement = _rows().order_by(RetrievalLabel.query, RetrievalLabel.relevance.desc(), RetrievalLabel.id)
    if knowledge_base_id is not None:
        statement = statement.where(RetrievalLabel.knowledge_base_id == knowledge_base_id)
    return (await session.execute(statement.limit(limit).offset(offset))).all()


async def labels(session: AsyncSession, knowledge_base_id: uuid.UUID | None) -> Sequence[RetrievalLabel]:
    """Labels that count for what is searched now."""
    return (await session.scalars(judged_labels(knowledge_base_id))).all()
