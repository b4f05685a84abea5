"""Queries of retrieval, the read gate among them: candidate ids become text only through it, under row-level security."""

import uuid
from collections.abc import Collection, Sequence

from sqlalchemy import ARRAY, ColumnElement, Select, and_, any_, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from serving.retrieval.filter_sql import filter_condition
from serving.retrieval.filters import Filter
from serving.retrieval.weights import Corpus
from storage.postgres.models.chunk import Chunk
from storage.postgres.models.document import Document
from storage.postgres.models.document_version import DocumentVersion
from storage.postgres.models.embedding import Embedding
from storage.postgres.models.index_version import IndexStatus, IndexVersion
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.postgres.session import AnyRow

_CORPUS_SAMPLE = 2000


async def find_index(session: AsyncSession, index_version_id: uuid.UUID | None = None) -> IndexVersion | None:
    """An index version of the organization: the live one unless another is named; None when there is none."""
    is_wanted = IndexVersion.id == index_version_id if index_version_id else IndexVersion.status == IndexStatus.LIVE
    found: IndexVersion | None = await session.scalar(select(IndexVersion).where(is_wanted))
    return found


def _among(column: InstrumentedAttribute[uuid.UUID], ids: Collection[uuid.UUID]) -> ColumnElement[bool]:
    # One parameter, however many ids: the statement stays the same and is prepared once.
    return column == any_(bindparam(None, list(ids), ARRAY(UUID(as_uuid=True))))


def _is_readable(knowledge_base_ids: Collection[uuid.UUID]) -> ColumnElement[bool]:
    """Of the current version of a document that was not taken away, in a knowledge base that is read and not archived."""
    return and_(
        Document.current_version_id == DocumentVersion.id,
        Document.tombstoned_at.is_(None),
        _among(Document.knowledge_base_id, knowledge_base_ids),
        KnowledgeBase.archived_at.is_(None),
    )


async def readable_chunks(
    session: AsyncSession,
    chunk_ids: Sequence[uuid.UUID],
    knowledge_base_ids: Collection[uuid.UUID],
    *,
    index: IndexVersion,
    wanted: Filter | None = None,
    boosts: Sequence[Filter] = (),
) -> dict[uuid.UUID, AnyRow]:
    """Chunks among `chunk_ids` that may be read now, with their vectors under the index's model.

    Args:
        session: A session of whoever asks.
        chunk_ids: Candidates.
        knowledge_base_ids: Which knowledge bases are read.
        index: Which index put them forward; the vector of a chunk that has none under its model is None.
        wanted: Only documents that pass it.
        boosts: Filters; whether a document passes the n-th is in the column `boost_<n>`.
    """
    statement: Select[*tuple[object, ...]] = (
        select(
            Chunk,
            Document.name,
            Document.knowledge_base_id,
            DocumentVersion.content_created_at.label("created_at"),
            DocumentVersion.content_modified_at.label("modified_at"),
            DocumentVersion.ready_at,
            Embedding.vector,
            *(filter_condition(boost).label(f"boost_{n}") for n, boost in enumerate(boosts)),
        )
        .join(Document, Document.id == Chunk.document_id)
        .join(DocumentVersion, DocumentVersion.id == Chunk.document_version_id)
        .join(KnowledgeBase, KnowledgeBase.id == Document.knowledge_base_id)
        .outerjoin(
            Embedding,
            and_(
                Embedding.organization_id == Chunk.organization_id,
                Embedding.text_hash == Chunk.text_hash,
                Embedding.model == index.embedding_model,
            ),
        )
        .where(
            _among(Chunk.id, chunk_ids),
            Chunk.chunking == index.chunker,
            _is_readable(knowledge_base_ids),
        )
    )
    if wanted is not None:
        statement = statement.where(filter_condition(wanted))
    return {row.Chunk.id: row for row in await session.execute(statement)}


async def hides_documents(session: AsyncSession) -> bool:
    """Whether the organization has documents that whoever asks may not read."""
    return bool(await session.scalar(select(func.hides_documents())))


async def visible_chunks(session: AsyncSession, chunk_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the chunks whose documents whoever asks may read, current or not."""
    statement = select(Chunk.id).join(Document, Document.id == Chunk.document_id).where(_among(Chunk.id, chunk_ids))
    return set(await session.scalars(statement))


async def passing_versions(
    session: AsyncSession, knowledge_base_ids: Collection[uuid.UUID], wanted: Filter, *, limit: int
) -> list[uuid.UUID]:
    """Current versions of the documents that pass a filter, at most `limit`."""
    statement = (
        select(DocumentVersion.id)
        .join(Document, Document.id == DocumentVersion.document_id)
        .join(KnowledgeBase, KnowledgeBase.id == Document.knowledge_base_id)
        .where(_is_readable(knowledge_base_ids), filter_condition(wanted))
        .limit(limit)
    )
    return list(await session.scalars(statement))


async def corpus(session: AsyncSession, knowledge_base_ids: Collection[uuid.UUID]) -> Corpus:
    """Mean length and languages of the passages, from some of them."""
    some = (
        select(Chunk.token_count, Chunk.language)
        .join(Document, Document.current_version_id == Chunk.document_version_id)
        .where(_among(Document.knowledge_base_id, knowledge_base_ids))
        .limit(_CORPUS_SAMPLE)
        .subquery()
    )
    rows = (
        await session.execute(
            select(
                some.c.language, func.count().label("passages"), func.sum(some.c.token_count).label("tokens")
            ).group_by(some.c.language)
        )
    ).all()
    passages, told = sum(row.passages for row in rows), sum(row.passages for row in rows if row.language)
    return Corpus(
        mean_tokens=float(sum(row.tokens for row in rows)) / passages if passages else 0.0,
        shares={row.language: row.passages / told for row in rows if row.language},
    )


async def surroundings(
    session: AsyncSession, spans: Sequence[tuple[uuid.UUID, str, int, int]]
) -> dict[tuple[uuid.UUID, str, int], AnyRow]:
    """Texts and places of the passages of some versions.

    Args:
        session: A session of whoever asks, who was given passages of these versions by the read gate.
        spans: Version, chunking, first and last ordinal.

    Returns:
        Rows by version, chunking and ordinal.
    """
    statement = select(
        Chunk.document_version_id, Chunk.chunking, Chunk.ordinal, Chunk.text, Chunk.char_start, Chunk.char_end
    ).where(
        or_(
            *(
                and_(
                    Chunk.document_version_id == version,
                    Chunk.chunking == chunking,
                    Chunk.ordinal.between(first, last),
                )
                for version, chunking, first, last in spans
            )
        )
    )
    rows = await session.execute(statement)
    return {(row.document_version_id, row.chunking, row.ordinal): row for row in rows}


async def readable_knowledge_bases(session: AsyncSession, wanted: Collection[uuid.UUID] | None) -> list[uuid.UUID]:
    """Those of the wanted knowledge bases that are there and not archived; all of them when None is given."""
    statement = select(KnowledgeBase.id).where(KnowledgeBase.archived_at.is_(None)).order_by(KnowledgeBase.id)
    if wanted is not None:
        statement = statement.where(_among(KnowledgeBase.id, wanted))
    return list(await session.scalars(statement))


async def knowledge_base_settings(
    session: AsyncSession, knowledge_base_ids: Collection[uuid.UUID]
) -> Sequence[dict[str, object]]:
    """What each knowledge base says about retrieval."""
    statement = select(KnowledgeBase.settings["retrieval"]).where(_among(KnowledgeBase.id, knowledge_base_ids))
    rows: Sequence[dict[str, object] | None] = (await session.scalars(statement)).all()
    return [said or {} for said in rows]
