"""Queries with judged places in documents, from the table `retrieval_labels`.

One real example: for "How long is the warranty of the K5 grinder?" the characters 214 to 265 of `policy.md` have
relevance 1: "The Model K5 grinder carries a warranty of 60 months."
"""

import uuid
from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import Engine, select

from storage.postgres.models.document import Document
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.postgres.models.retrieval_label import RetrievalLabel
from storage.postgres.session import organization_session


@dataclass(frozen=True)
class JudgedPlace:
    """Characters of a document version, and how relevant they are: 0 is wrong, 1 and more is right."""

    document_id: uuid.UUID
    document_version_id: uuid.UUID
    char_start: int
    char_end: int
    relevance: int


@dataclass(frozen=True)
class JudgedQuery:
    """A query of a knowledge base. `is_document_level`: any passage of the right document is right."""

    query: str
    knowledge_base_id: uuid.UUID
    places: tuple[JudgedPlace, ...]
    is_document_level: bool = False


def load_labels(app: Engine, organization_id: uuid.UUID) -> list[JudgedQuery]:
    """Judged queries with something to find, by knowledge base and query.

    Labels of versions that are not current any more are left out: their characters are those of another text.

    Args:
        app: Engine of the application's role.
        organization_id: Whose labels.
    """
    statement = (
        select(RetrievalLabel)
        .join(Document, Document.current_version_id == RetrievalLabel.document_version_id)
        .join(KnowledgeBase, KnowledgeBase.id == RetrievalLabel.knowledge_base_id)
        .where(Document.tombstoned_at.is_(None), KnowledgeBase.archived_at.is_(None))
        .order_by(RetrievalLabel.knowledge_base_id, RetrievalLabel.query, RetrievalLabel.id)
    )
    grouped: dict[tuple[uuid.UUID, str], list[JudgedPlace]] = defaultdict(list)
    with organization_session(app, organization_id) as session:
        for label in session.scalars(statement):
            place = JudgedPlace(
                label.document_id, label.document_version_id, label.char_start, label.char_end, label.relevance
            )
            grouped[(label.knowledge_base_id, label.query)].append(place)
    return [
        JudgedQuery(query, base, tuple(places))
        for (base, query), places in grouped.items()
        if any(place.relevance > 0 for place in places)
    ]
