"""Evidence: what to search for once it is erased, written down before anything is.

The file holds pieces of what is being erased, readable by its owner only. It lives as long as the erasure needs it: a run
that was killed goes on with it, and it is removed when nothing was found any more.
"""

import json
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, aliased

from storage.erasure.elsewhere import said_elsewhere
from storage.erasure.targets import Targets
from storage.erasure.windows import text_windows, vector_slices
from storage.postgres.models.chunk import Chunk
from storage.postgres.models.embedding import Embedding
from storage.postgres.models.feedback import Feedback
from storage.postgres.models.message import Message
from storage.settings import StorageSettings

_FETCH_ROWS = 1000


@dataclass(slots=True)
class Evidence:
    """Windows of texts, those of passages among them, slices of vectors (float16 bytes), and ids of passages."""

    texts: set[str] = field(default_factory=set)
    passage_texts: set[str] = field(default_factory=set)
    vectors: set[bytes] = field(default_factory=set)
    chunk_ids: set[str] = field(default_factory=set)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to search for."""
        return not (self.texts or self.vectors or self.chunk_ids)


def evidence_folder(settings: StorageSettings) -> Path:
    """Where evidence lies while an erasure runs; the ledger's copy is beside it."""
    return settings.home_path / "erasures"


def evidence_file(settings: StorageSettings, erasure_id: uuid.UUID) -> Path:
    """The evidence of one erasure."""
    return evidence_folder(settings) / f"{erasure_id}.evidence"


def gather(session: Session, organization_id: uuid.UUID, targets: Targets) -> Evidence:
    """Evidence from the rows that are about to go.

    Vectors that a passage elsewhere has, too, are left out, and so are windows of conversations that rows which stay say.
    """
    evidence = Evidence()
    passages = (
        select(Chunk.id, Chunk.text)
        .where(Chunk.organization_id == organization_id, Chunk.document_version_id.in_(targets.version_ids))
        .execution_options(yield_per=_FETCH_ROWS)
    )
    with session.execute(passages) as rows:
        for row in rows:
            evidence.chunk_ids.add(str(row.id))
            evidence.passage_texts.update(text_windows(row.text))
    for vector in _own_vectors(session, organization_id, targets):
        evidence.vectors.update(vector_slices(vector))
    said = session.scalars(
        select(Message.content).where(
            Message.organization_id == organization_id, Message.conversation_id.in_(targets.conversation_ids)
        )
    )
    comments = session.scalars(
        select(Feedback.comment)
        .join(Message, Message.id == Feedback.message_id)
        .where(Message.conversation_id.in_(targets.conversation_ids), Feedback.comment.is_not(None))
    )
    windows = {window for text in (*said, *comments) for window in text_windows(text or "")}
    windows -= said_elsewhere(session, organization_id, targets, windows)
    evidence.texts |= evidence.passage_texts | windows
    return evidence


def _own_vectors(session: Session, organization_id: uuid.UUID, targets: Targets) -> Iterator[bytes]:
    other = aliased(Chunk)
    is_elsewhere = (
        select(other.id)
        .where(
            other.organization_id == organization_id,
            other.text_hash == Chunk.text_hash,
            other.document_version_id.not_in(targets.version_ids),
        )
        .exists()
    )
    same = and_(Embedding.organization_id == Chunk.organization_id, Embedding.text_hash == Chunk.text_hash)
    own = (
        select(Embedding.vector)
        .join(Chunk, same)
        .where(Chunk.organization_id == organization_id, Chunk.document_version_id.in_(targets.version_ids))
        .where(~is_elsewhere)
        .execution_options(yield_per=_FETCH_ROWS)
    )
    with session.scalars(own) as vectors:
        yield from vectors


def write(path: Path, evidence: Evidence) -> None:
    """Keep evidence durably; a file that is there already gains what is new."""
    known = read(path)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_suffix(".new")
    content = {
        "texts": sorted(known.texts | evidence.texts),
        "passage_texts": sorted(known.passage_texts | evidence.passage_texts),
        "vectors": sorted(piece.hex() for piece in known.vectors | evidence.vectors),
        "chunk_ids": sorted(known.chunk_ids | evidence.chunk_ids),
    }
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        json.dump(content, handle)
        handle.flush()
        os.fsync(handle.fileno())
    unfinished.replace(path)


def read(path: Path) -> Evidence:
    """Evidence as kept; empty where there is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Evidence()
    return Evidence(
        texts=set(content["texts"]),
        passage_texts=set(content["passage_texts"]),
        vectors={bytes.fromhex(piece) for piece in content["vectors"]},
        chunk_ids=set(content["chunk_ids"]),
    )
