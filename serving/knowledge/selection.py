"""Which documents a request is about: those that it names, or those that pass a filter. Locked until it ends."""

import uuid
from collections.abc import Sequence

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from serving.knowledge.bases import open_knowledge_base
from serving.knowledge.bulk_schemas import MOST_DOCUMENTS
from serving.knowledge.errors import DocumentNotFoundError, TooManyDocumentsError
from serving.retrieval.filter_sql import filter_condition
from serving.retrieval.filters import Filter
from storage.postgres.models.document import Document
from storage.postgres.models.document_version import DocumentVersion


async def named(session: AsyncSession, document_ids: Sequence[uuid.UUID]) -> list[Document]:
    """The documents with these ids, in their order.

    Raises:
        DocumentNotFoundError: One of them is unknown here, deleted, or not to be read by whoever asks.
    """
    ids = list(dict.fromkeys(document_ids))
    found = {row.id: row for row in await session.scalars(_locked(select(Document).where(Document.id.in_(ids))))}
    missing = [str(one) for one in ids if one not in found]
    if missing:
        raise DocumentNotFoundError(f"No such document: {', '.join(missing[:5])}{' …' if len(missing) > 5 else ''}")
    return [found[one] for one in ids]


async def passing(session: AsyncSession, knowledge_base_id: uuid.UUID, wanted: Filter) -> list[Document]:
    """Documents of a knowledge base whose newest version passes a filter.

    Raises:
        KnowledgeBaseNotFoundError: Unknown here.
        TooManyDocumentsError: More than one request may change.
    """
    await open_knowledge_base(session, knowledge_base_id)
    other = aliased(DocumentVersion)
    newest = select(func.max(other.number)).where(other.document_id == Document.id).scalar_subquery()
    statement = (
        select(Document)
        .join(DocumentVersion, DocumentVersion.document_id == Document.id)
        .where(
            Document.knowledge_base_id == knowledge_base_id, DocumentVersion.number == newest, filter_condition(wanted)
        )
        .limit(MOST_DOCUMENTS + 1)
    )
    rows = list(await session.scalars(_locked(statement)))
    if len(rows) > MOST_DOCUMENTS:
        raise TooManyDocumentsError(f"More than {MOST_DOCUMENTS} documents pass the filter; narrow it and ask again.")
    return rows


def _locked(statement: Select[Document]) -> Select[Document]:
    # In one order, so that two requests about the same documents wait for each other and never in a ring.
    return statement.where(Document.tombstoned_at.is_(None)).order_by(Document.id).with_for_update(of=Document)
