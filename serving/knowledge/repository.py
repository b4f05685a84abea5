"""Queries of knowledge."""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, exists, func, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from storage.postgres.models.chunk import Chunk
from storage.postgres.models.document import Document
from storage.postgres.models.document_version import DocumentVersion, VersionState
from storage.postgres.models.index_version import IndexStatus, IndexVersion
from storage.postgres.models.ingestion import Ingestion
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.postgres.session import AnyRow

_WAITING = (VersionState.STAGED, VersionState.PROCESSING)


def _newest() -> Any:
    """The newest version of each document."""
    return (
        select(DocumentVersion)
        .ext(distinct_on(DocumentVersion.document_id))
        .order_by(DocumentVersion.document_id, DocumentVersion.number.desc())
        .subquery("newest")
    )


def _with_counts(*, is_archived: bool = False) -> Select[*tuple[Any, ...]]:
    newest = _newest()
    counts = (
        select(
            Document.knowledge_base_id,
            func.count().label("documents"),
            func.count(Document.current_version_id).label("ready"),
            func.count().filter(newest.c.state == VersionState.FAILED).label("failed"),
            func.count().filter(newest.c.state.in_(_WAITING)).label("waiting"),
        )
        .join(newest, newest.c.document_id == Document.id)
        .where(Document.tombstoned_at.is_(None))
        .group_by(Document.knowledge_base_id)
        .subquery("counts")
    )
    columns = [func.coalesce(counts.c[name], 0).label(name) for name in ("documents", "ready", "failed", "waiting")]
    return (
        select(*KnowledgeBase.__table__.columns, KnowledgeBase.settings["retrieval"].label("retrieval"), *columns)
        .outerjoin(counts, counts.c.knowledge_base_id == KnowledgeBase.id)
        .where(KnowledgeBase.archived_at.is_not(None) if is_archived else KnowledgeBase.archived_at.is_(None))
    )


async def knowledge_bases(session: AsyncSession, *, is_archived: bool = False) -> Sequence[AnyRow]:
    """Knowledge bases with their document counts, by name; those that are archived, or those that are not."""
    return (
        await session.execute(_with_counts(is_archived=is_archived).order_by(KnowledgeBase.name, KnowledgeBase.id))
    ).all()


async def knowledge_base_row(session: AsyncSession, knowledge_base_id: uuid.UUID) -> AnyRow | None:
    """One knowledge base with its document counts."""
    return (await session.execute(_with_counts().where(KnowledgeBase.id == knowledge_base_id))).one_or_none()


async def knowledge_base(session: AsyncSession, knowledge_base_id: uuid.UUID) -> KnowledgeBase | None:
    """One knowledge base that is not archived."""
    found: KnowledgeBase | None = await session.scalar(
        select(KnowledgeBase).where(KnowledgeBase.id == knowledge_base_id, KnowledgeBase.archived_at.is_(None))
    )
    return found


async def archived_knowledge_base(session: AsyncSession, knowledge_base_id: uuid.UUID) -> KnowledgeBase | None:
    """One knowledge base that is archived."""
    found: KnowledgeBase | None = await session.scalar(
        select(KnowledgeBase).where(KnowledgeBase.id == knowledge_base_id, KnowledgeBase.archived_at.is_not(None))
    )
    return found


def _documents() -> Select[*tuple[Any, ...]]:
    newest = _newest()
    return (
        select(
            *Document.__table__.columns,
            newest.c.state,
            newest.c.failure_type,
            newest.c.failure_reason,
            Document.current_version_id.is_not(None).label("is_searchable"),
            newest.c.number.label("version"),
            newest.c.id.label("version_id"),
            newest.c.media_type,
            newest.c.byte_size,
            newest.c.language,
            newest.c.title,
            newest.c.page_count,
            newest.c.expected_count.label("passages"),
        )
        .join(newest, newest.c.document_id == Document.id)
        .where(Document.tombstoned_at.is_(None))
    )


async def documents(
    session: AsyncSession, knowledge_base_id: uuid.UUID, *, state: str | None, limit: int, offset: int
) -> Sequence[AnyRow]:
    """Documents of a knowledge base with their newest version, by name."""
    statement = _documents().where(Document.knowledge_base_id == knowledge_base_id)
    if state is not None:
        statement = statement.where(statement.selected_columns["state"] == state)
    return (await session.execute(statement.order_by(Document.name, Document.id).limit(limit).offset(offset))).all()


async def document_row(session: AsyncSession, document_id: uuid.UUID) -> AnyRow | None:
    """One document with its newest version."""
    return (await session.execute(_documents().where(Document.id == document_id))).one_or_none()


async def versions(session: AsyncSession, document_id: uuid.UUID) -> Sequence[AnyRow]:
    """Versions of a document, newest first."""
    statement = (
        select(
            *DocumentVersion.__table__.columns,
            (Document.current_version_id == DocumentVersion.id).label("is_current"),
        )
        .join(Document, Document.id == DocumentVersion.document_id)
        .where(Document.id == document_id, Document.tombstoned_at.is_(None))
        .order_by(DocumentVersion.number.desc())
    )
    return (await session.execute(statement)).all()


async def document(session: AsyncSession, document_id: uuid.UUID) -> Document | None:
    """One document that is not deleted, locked until the transaction ends."""
    found: Document | None = await session.scalar(
        select(Document).where(Document.id == document_id, Document.tombstoned_at.is_(None)).with_for_update()
    )
    return found


async def groups_of_source(
    session: AsyncSession, knowledge_base_id: uuid.UUID, source_uri: str
) -> list[uuid.UUID] | None:
    """The groups of the document of a source; None where it is open, or where there is none that may be read."""
    found: list[uuid.UUID] | None = await session.scalar(
        select(Document.group_ids).where(
            Document.knowledge_base_id == knowledge_base_id, Document.source_uri == source_uri
        )
    )
    return found


async def restrict_ingestions(session: AsyncSession, documents: Sequence[Document]) -> None:
    """Restrict ingestions that are called like a document as the document is: the name of an upload tells of it."""
    for row in documents:
        await session.execute(
            update(Ingestion)
            .where(Ingestion.knowledge_base_id == row.knowledge_base_id, Ingestion.name == row.name[:300])
            .values(group_ids=row.group_ids)
        )


async def common_chunking(session: AsyncSession, version_id: uuid.UUID, other_id: uuid.UUID) -> str | None:
    """A chunking by which both versions were cut: the live one if there is a choice; None when there is none."""
    is_live = exists().where(
        IndexVersion.organization_id == Chunk.organization_id,
        IndexVersion.status == IndexStatus.LIVE,
        IndexVersion.chunker == Chunk.chunking,
    )
    statement = (
        select(Chunk.chunking)
        .where(Chunk.document_version_id.in_((version_id, other_id)))
        .group_by(Chunk.chunking, is_live)
        .having(func.count(Chunk.document_version_id.distinct()) == 2)
        .order_by(is_live.desc(), Chunk.chunking)
        .limit(1)
    )
    found: str | None = await session.scalar(statement)
    return found


async def passage_places(
    session: AsyncSession, version_id: uuid.UUID, *, chunking: str, limit: int
) -> Sequence[AnyRow]:
    """Hash and place of each passage of a version in one chunking, in reading order."""
    statement = (
        select(Chunk.ordinal, Chunk.text_hash, Chunk.heading_path, Chunk.page_start)
        .where(Chunk.document_version_id == version_id, Chunk.chunking == chunking)
        .order_by(Chunk.ordinal)
        .limit(limit)
    )
    return (await session.execute(statement)).all()


async def passage_texts(
    session: AsyncSession, version_id: uuid.UUID, ordinals: Sequence[int], *, chunking: str
) -> dict[int, str]:
    """Texts of some passages of a version in one chunking, by ordinal."""
    statement = select(Chunk.ordinal, Chunk.text).where(
        Chunk.document_version_id == version_id, Chunk.chunking == chunking, Chunk.ordinal.in_(ordinals)
    )
    return {row.ordinal: row.text for row in await session.execute(statement)}


async def passage(session: AsyncSession, chunk_id: uuid.UUID) -> AnyRow | None:
    """A passage of a document that is not deleted; an old version's passage stays readable, for old receipts."""
    statement = (
        select(Chunk, Document.name, Document.current_version_id, DocumentVersion.number)
        .join(Document, Document.id == Chunk.document_id)
        .join(DocumentVersion, DocumentVersion.id == Chunk.document_version_id)
        .where(Chunk.id == chunk_id, Document.tombstoned_at.is_(None))
    )
    return (await session.execute(statement)).one_or_none()


async def neighbours(session: AsyncSession, chunk: Chunk) -> dict[int, str]:
    """Texts of the passages before and after, by ordinal."""
    statement = select(Chunk.ordinal, Chunk.text).where(
        Chunk.document_version_id == chunk.document_version_id,
        Chunk.chunking == chunk.chunking,
        Chunk.ordinal.in_((chunk.ordinal - 1, chunk.ordinal + 1)),
    )
    return {row.ordinal: row.text for row in await session.execute(statement)}
