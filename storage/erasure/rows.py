"""Removes the rows of an erasure from Postgres, in one transaction."""

import uuid
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, MetaData, Table, delete, exists, inspect, or_, select, update
from sqlalchemy.orm import Session, aliased

from storage.erasure.evidence import Evidence
from storage.erasure.quotes import blank_quotes
from storage.erasure.targets import Targets
from storage.postgres.models.chunk import Chunk
from storage.postgres.models.conversation import Conversation
from storage.postgres.models.conversation_event import ConversationEvent
from storage.postgres.models.conversation_fact import ConversationFact
from storage.postgres.models.conversation_summary import ConversationSummary
from storage.postgres.models.document import Document
from storage.postgres.models.document_version import DocumentVersion
from storage.postgres.models.embedding import Embedding
from storage.postgres.models.feedback import Feedback
from storage.postgres.models.handover import Handover
from storage.postgres.models.ingestion import Ingestion
from storage.postgres.models.job import Job
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.postgres.models.message import Message
from storage.postgres.models.outbox_event import OutboxEvent
from storage.postgres.models.receipt import Receipt
from storage.postgres.models.receipt_passage import ReceiptPassage
from storage.postgres.models.usage_record import UsageRecord
from storage.postgres.models.visitor import Visitor

_OF_DOCUMENTS = (Chunk, Document, DocumentVersion, Embedding, Ingestion, Job, KnowledgeBase)
_OF_CONVERSATIONS = (
    Conversation, ConversationEvent, ConversationFact, ConversationSummary, Feedback, Handover, Message, Receipt,
    ReceiptPassage, UsageRecord, Visitor,
)  # fmt: skip
# What an erasure may change: vacuumed afterwards, so that no dead row keeps what it held.
TOUCHED_TABLES = tuple(sorted(model.__tablename__ for model in (*_OF_DOCUMENTS, *_OF_CONVERSATIONS, OutboxEvent)))
# After a visitor is gone these hold others alone: rows of conversations go with their conversation, by foreign keys.
FREE_OF_VISITORS = frozenset(model.__tablename__ for model in (*_OF_DOCUMENTS, *_OF_CONVERSATIONS))
# Tables of optional parts of the product, and the columns by which their rows belong to what is erased.
OPTIONAL_TABLES = ("retrieval_labels", "conversation_facts", "conversation_summaries")
_COLUMNS = {
    "chunk_id": "chunk_ids",
    "document_version_id": "version_ids",
    "document_id": "document_ids",
    "conversation_id": "conversation_ids",
    "user_id": "user_ids",
}


def remove_rows(session: Session, organization_id: uuid.UUID, targets: Targets, evidence: Evidence) -> dict[str, int]:
    """Remove every row of the targets; a second run finds nothing left to remove.

    Returns:
        Counts by table, and `answers_blanked`.
    """
    counts: Counter[str] = Counter()
    counts["conversation_summaries"] = _forget_summaries(session, organization_id, targets)
    counts["receipt_passages"], counts["answers_blanked"] = blank_quotes(session, organization_id, targets, evidence)
    chunks = session.execute(
        select(Chunk.id, Chunk.text_hash).where(
            Chunk.organization_id == organization_id, Chunk.document_version_id.in_(targets.version_ids)
        )
    ).all()
    _remove_optional(session, organization_id, targets, [row.id for row in chunks], counts)
    _remove_documents(session, organization_id, targets, {row.text_hash for row in chunks}, counts)
    _remove_person(session, organization_id, targets, counts)
    if targets.knowledge_base_id is not None and not _has_documents(session, targets.knowledge_base_id):
        _delete(session, KnowledgeBase, [KnowledgeBase.id == targets.knowledge_base_id], organization_id, counts)
    return {name: count for name, count in sorted(counts.items()) if count}


def _forget_summaries(session: Session, organization_id: uuid.UUID, targets: Targets) -> int:
    """Remove what was made of answers that were given these documents; it is made again from what is left of them."""
    told = (
        select(Receipt.conversation_id)
        .join(ReceiptPassage, ReceiptPassage.receipt_id == Receipt.id)
        .where(
            Receipt.organization_id == organization_id,
            or_(
                ReceiptPassage.document_version_id.in_(targets.version_ids),
                ReceiptPassage.document_id.in_(targets.document_ids),
            ),
        )
    )
    conversations = session.scalars(told.distinct()).all()
    # A model that rewrote a question had read the answers before it; rules read what people typed alone.
    rewritten = update(Receipt).where(Receipt.conversation_id.in_(conversations))
    by_model = Receipt.guard_decisions["memory"]["rewriting"]["method"].astext == "model"
    session.execute(rewritten.where(by_model).values(standalone_question=None))
    gone = delete(ConversationSummary).where(ConversationSummary.conversation_id.in_(conversations))
    return len(session.execute(gone.returning(ConversationSummary.id)).all())


def _remove_documents(
    session: Session, organization_id: uuid.UUID, targets: Targets, hashes: set[str], counts: Counter[str]
) -> None:
    versions, documents = targets.version_ids, targets.document_ids
    ingestions = session.scalars(
        select(DocumentVersion.ingestion_id).where(
            DocumentVersion.id.in_(versions), DocumentVersion.ingestion_id.is_not(None)
        )
    ).all()
    subjects = [*versions, *documents]
    _delete(session, Chunk, [Chunk.document_version_id.in_(versions)], organization_id, counts)
    _delete(session, Job, [Job.subject_id.in_(versions)], organization_id, counts)
    _delete(session, OutboxEvent, [OutboxEvent.subject_id.in_(subjects)], organization_id, counts)
    _delete(session, DocumentVersion, [DocumentVersion.id.in_(versions)], organization_id, counts)
    # A version that was given meanwhile is no part of what was asked for; it keeps its document.
    has_version = exists().where(DocumentVersion.document_id == Document.id)
    _delete(session, Document, [Document.id.in_(documents), ~has_version], organization_id, counts)
    other = aliased(Chunk)
    is_used = exists().where(other.organization_id == organization_id, other.text_hash == Embedding.text_hash)
    _delete(session, Embedding, [Embedding.text_hash.in_(hashes), ~is_used], organization_id, counts)
    # An ingestion bears the name of what was given; without documents it tells of nothing else.
    is_left = exists().where(DocumentVersion.ingestion_id == Ingestion.id)
    _delete(session, Ingestion, [Ingestion.id.in_(ingestions), ~is_left], organization_id, counts)


def _remove_person(session: Session, organization_id: uuid.UUID, targets: Targets, counts: Counter[str]) -> None:
    _delete(session, Conversation, [Conversation.id.in_(targets.conversation_ids)], organization_id, counts)
    if targets.user_id is None:
        return
    # With a visitor goes what they began after the erasure was asked for, before they noticed.
    _delete(session, Visitor, [Visitor.id == targets.user_id], organization_id, counts)
    _delete(session, Feedback, [Feedback.user_id == targets.user_id], organization_id, counts)
    # What they wrote to others as an agent belongs to those; it stays, and no longer says who wrote it.
    written = update(Message).where(Message.organization_id == organization_id)
    session.execute(written.where(Message.author_user_id == targets.user_id).values(author_user_id=None))
    taken = update(Handover).where(Handover.organization_id == organization_id)
    session.execute(taken.where(Handover.assigned_user_id == targets.user_id).values(assigned_user_id=None))
    # What an answer cost stays in the books, without the person.
    freed = session.execute(
        update(UsageRecord)
        .where(UsageRecord.organization_id == organization_id, UsageRecord.user_id == targets.user_id)
        .values(user_id=None)
        .returning(UsageRecord.id)
    ).all()
    counts["usage"] += len(freed)


def _remove_optional(
    session: Session,
    organization_id: uuid.UUID,
    targets: Targets,
    chunk_ids: Sequence[uuid.UUID],
    counts: Counter[str],
) -> None:
    ids: dict[str, Sequence[uuid.UUID]] = {
        "chunk_ids": chunk_ids,
        "version_ids": targets.version_ids,
        "document_ids": targets.document_ids,
        "conversation_ids": targets.conversation_ids,
        "user_ids": [targets.user_id] if targets.user_id else [],
    }
    connection = session.connection()
    for name in sorted(set(OPTIONAL_TABLES) & set(inspect(connection).get_table_names())):
        table = Table(name, MetaData(), autoload_with=connection, resolve_fks=False)
        belongs = [table.c[column].in_(ids[kind]) for column, kind in _COLUMNS.items() if column in table.c]
        if belongs:
            statement = delete(table).where(table.c.organization_id == organization_id, or_(*belongs))
            counts[name] += len(session.execute(statement.returning(table.c.organization_id)).all())


def _has_documents(session: Session, knowledge_base_id: uuid.UUID) -> bool:
    """Whether something was given after the erasure was asked for."""
    return session.scalar(select(exists().where(Document.knowledge_base_id == knowledge_base_id))) is True


def _delete(
    session: Session,
    model: type[Any],
    conditions: Sequence[ColumnElement[bool]],
    organization_id: uuid.UUID,
    counts: Counter[str],
) -> None:
    statement = delete(model).where(model.organization_id == organization_id, *conditions)
    result = session.execute(statement.execution_options(synchronize_session=False))
    counts[model.__tablename__] += int(getattr(result, "rowcount", 0))
