"""Known-item probes, for organizations that have judged nothing: a sentence of a document must find that document.

One real example: "Return shipping is free for members of the Green Club." is taken from `policy.md`, which it must find.
"""

import re
import uuid

from sqlalchemy import Engine, select

from evals.datasets.labels import JudgedPlace, JudgedQuery
from storage.postgres.models.chunk import Chunk
from storage.postgres.models.document import Document
from storage.postgres.models.document_version import DocumentVersion
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.postgres.session import AnyRow, organization_session

MOST_PROBES = 100
_SENTENCE = re.compile(r"[^.!?\n]{40,240}[.!?]")
_PASSAGES_LOOKED_AT = 2000


def known_items(app: Engine, organization_id: uuid.UUID, *, most: int = MOST_PROBES) -> list[JudgedQuery]:
    """Sentences of readable documents, one from each before a second from any; the same ones each time.

    Args:
        app: Engine of the application's role.
        organization_id: Whose documents.
        most: How many at most.
    """
    statement = (
        select(Document.id, Document.knowledge_base_id, Document.current_version_id, Chunk.text, Chunk.char_start)
        .join(DocumentVersion, DocumentVersion.id == Document.current_version_id)
        .join(Chunk, Chunk.document_version_id == DocumentVersion.id)
        .join(KnowledgeBase, KnowledgeBase.id == Document.knowledge_base_id)
        .where(
            Document.tombstoned_at.is_(None),
            KnowledgeBase.archived_at.is_(None),
            # As it was read, so that live version and candidate are asked the same.
            Chunk.chunking == DocumentVersion.chunking,
        )
        .order_by(Chunk.text_hash, Chunk.id)
        .limit(_PASSAGES_LOOKED_AT)
    )
    probes: list[tuple[int, int, JudgedQuery]] = []
    taken: dict[uuid.UUID, int] = {}
    with organization_session(app, organization_id) as session:
        for number, row in enumerate(session.execute(statement)):
            probe = _probe(row)
            if probe is not None:
                probes.append((taken.get(row.id, 0), number, probe))
                taken[row.id] = taken.get(row.id, 0) + 1
    return [probe for _, _, probe in sorted(probes, key=lambda one: one[:2])[:most]]


def _probe(row: AnyRow) -> JudgedQuery | None:
    found = _SENTENCE.search(row.text)
    if found is None:
        return None
    start = row.char_start + found.start()
    place = JudgedPlace(row.id, row.current_version_id, start, row.char_start + found.end(), 1)
    return JudgedQuery(" ".join(found.group().split()), row.knowledge_base_id, (place,), is_document_level=True)
