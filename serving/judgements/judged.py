"""Queries with judged places in documents, and what a ranking of passages is worth by them."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select

from serving.retrieval.passage import RetrievedPassage
from storage.postgres.models.document import Document
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.postgres.models.retrieval_label import RetrievalLabel

_COVERED_SHARE = 0.5


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


def judged_labels(knowledge_base_id: uuid.UUID | None = None) -> Select[RetrievalLabel]:
    """Labels of current versions, of one knowledge base or of all that are open.

    Those of versions that are not current any more are left out: their characters are those of another text.
    """
    statement = (
        select(RetrievalLabel)
        .join(Document, Document.current_version_id == RetrievalLabel.document_version_id)
        .join(KnowledgeBase, KnowledgeBase.id == RetrievalLabel.knowledge_base_id)
        .where(Document.tombstoned_at.is_(None), KnowledgeBase.archived_at.is_(None))
        .order_by(RetrievalLabel.knowledge_base_id, RetrievalLabel.query, RetrievalLabel.id)
    )
    if knowledge_base_id is not None:
        statement = statement.where(RetrievalLabel.knowledge_base_id == knowledge_base_id)
    return statement


def judged_queries(labels: Iterable[RetrievalLabel]) -> list[JudgedQuery]:
    """Labels by query; queries for which nothing is right are left out, as no ranking can be better than another."""
    grouped: dict[tuple[uuid.UUID, str], list[JudgedPlace]] = defaultdict(list)
    for label in labels:
        place = JudgedPlace(
            label.document_id, label.document_version_id, label.char_start, label.char_end, label.relevance
        )
        grouped[(label.knowledge_base_id, label.query)].append(place)
    return [
        JudgedQuery(query, base, tuple(places))
        for (base, query), places in grouped.items()
        if any(place.relevance > 0 for place in places)
    ]


def gains_of(query: JudgedQuery, passages: Sequence[RetrievedPassage]) -> list[float]:
    """The gain of each rank. A judged place counts once, where it is first found: smaller passages earn no more."""
    left = list(query.places)
    gains = []
    for passage in passages:
        found = [place for place in left if _is_found(query, place, passage)]
        left = [place for place in left if place not in found]
        gains.append(float(max((place.relevance for place in found), default=0)))
    return gains


def _is_found(query: JudgedQuery, place: JudgedPlace, passage: RetrievedPassage) -> bool:
    if query.is_document_level:
        return passage.document_id == place.document_id
    if passage.document_version_id != place.document_version_id:
        return False
    shared = min(passage.char_end, place.char_end) - max(passage.char_start, place.char_start)
    shorter = min(place.char_end - place.char_start, passage.char_end - passage.char_start)
    return shared > 0 and shared >= _COVERED_SHARE * shorter
