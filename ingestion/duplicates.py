"""Which documents of a knowledge base say the same: exactly, or nearly."""

import uuid
from collections import defaultdict

from sqlalchemy import select
from sqlalchemy.orm import Session

from ingestion.minhash import similar_pairs
from storage.postgres.models.document import Document
from storage.postgres.models.document_version import DocumentVersion
from storage.records.record import Record

NEAR = 0.8


class Duplicate(Record):
    """Two documents that say the same. `similarity` is 1 for equal bytes, else the share of wording they have in common."""

    document_id: uuid.UUID
    document_name: str
    other_id: uuid.UUID
    other_name: str
    similarity: float
    is_exact: bool


def find_duplicates(session: Session, knowledge_base_id: uuid.UUID, *, at_least: float = NEAR) -> list[Duplicate]:
    """Pairs of readable documents that say the same, the most alike first.

    Of several equal files each is paired with the first by name, not with all others.

    Args:
        session: A session of the organization.
        knowledge_base_id: Where to look.
        at_least: Lowest similarity worth telling, 0.6 to 1.
    """
    rows = session.execute(
        select(Document.id, Document.name, DocumentVersion.content_hash, DocumentVersion.signature)
        .join(DocumentVersion, DocumentVersion.id == Document.current_version_id)
        .where(Document.knowledge_base_id == knowledge_base_id, Document.tombstoned_at.is_(None))
        .order_by(Document.name, Document.id)
    ).all()
    equal: dict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        equal[row.content_hash].append(number)
    found = [(group[0], other, 1.0, True) for group in equal.values() for other in group[1:]]
    # Copies stand for each other: only the first of equal files is compared with the rest.
    signatures = {group[0]: rows[group[0]].signature or b"" for group in equal.values()}
    found += [(min(a, b), max(a, b), share, False) for a, b, share in similar_pairs(signatures, at_least=at_least)]
    found.sort(key=lambda pair: (-pair[2], not pair[3], pair[0], pair[1]))
    return [
        Duplicate(
            document_id=rows[a].id, document_name=rows[a].name, other_id=rows[b].id, other_name=rows[b].name,
            similarity=round(share, 3), is_exact=is_exact,
        )
        for a, b, share, is_exact in found
    ]  # fmt: skip
