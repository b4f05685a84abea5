"""What building an index version will take, before it is begun: counted where it can be, measured on a sample elsewhere."""

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Subquery, exists, func, select
from sqlalchemy.orm import Session, aliased

from ingestion.errors import ParseError
from ingestion.index_builds.request import BuildRequest, Plan, plan
from ingestion.parsing.sandbox import ParserSandbox
from ingestion.passages import text_to_embed
from ingestion.reading import Original, read_original
from ingestion.settings import IngestSettings, ingest_settings
from storage.errors import FileMissingError
from storage.postgres.models.chunk import Chunk
from storage.postgres.models.document import Document
from storage.postgres.models.document_version import DocumentVersion
from storage.postgres.models.embedding import Embedding
from storage.postgres.session import AnyRow, organization_session
from storage.records.record import Record
from storage.stores import Stores

_SAMPLE_PASSAGES = 32
_SAMPLE_DOCUMENTS = 3
_SAMPLE_SECONDS = 5.0
_BYTES_PER_ROW = 130  # ids and their overhead, in the vector table
_BYTES_PER_FLOAT = 4
_BYTES_PER_HALF = 2
_SECONDS_PER_ROW = 0.0005  # writing and reading back


class IndexEstimate(Record):
    """What a build will take. `is_exact` is False where passages had to be guessed because documents are cut anew.

    `passages_cut_off` of `passages_sampled` are longer than the model reads; their ends would not be found.
    """

    documents: int
    documents_to_read: int
    passages: int
    tokens: int
    embeddings_needed: int
    embeddings_reused: int
    seconds: float
    vector_bytes: int
    stored_bytes: int
    cost_usd: float
    is_exact: bool
    passages_sampled: int
    passages_cut_off: int


@dataclass(frozen=True, slots=True)
class _Counts:
    documents: int
    to_read: int
    passages: int
    tokens: int
    needed: int


def estimate(
    stores: Stores, organization_id: uuid.UUID, request: BuildRequest, *, settings: IngestSettings | None = None
) -> IndexEstimate:
    """Say what building an index version will take. Runs the model on a few passages; writes nothing.

    Args:
        stores: The stores.
        organization_id: Whose documents.
        request: What to change against the live index.
        settings: Limits of reading; the process's settings unless given.

    Raises:
        ModelUnavailableError: There is no such model, or it cannot be loaded.
        IngestionError: There is no such chunker.
    """
    settings = settings or ingest_settings()
    with organization_session(stores.app, organization_id) as session:
        planned = plan(session, organization_id, request, settings=settings)
        counts = _count(session, organization_id, planned)
        sample = _sample_passages(session, organization_id)
        originals = _sample_originals(session, organization_id, planned) if counts.to_read else []
    texts = [text_to_embed(row.heading_path, row.text) for row in sample]
    per_embedding = _seconds_per_embedding(planned, texts)
    per_document = _seconds_per_document(stores, originals, settings=settings)
    embedder = planned.embedder
    seconds = counts.needed * per_embedding + counts.to_read * per_document + counts.passages * _SECONDS_PER_ROW
    return IndexEstimate(
        documents=counts.documents,
        documents_to_read=counts.to_read,
        passages=counts.passages,
        tokens=counts.tokens,
        embeddings_needed=counts.needed,
        embeddings_reused=counts.passages - counts.needed,
        seconds=round(seconds, 1),
        vector_bytes=counts.passages * (embedder.dimension * _BYTES_PER_FLOAT + _BYTES_PER_ROW),
        stored_bytes=counts.needed * (embedder.dimension * _BYTES_PER_HALF + _BYTES_PER_ROW),
        cost_usd=0.0,  # every model that an index can have runs here
        is_exact=counts.to_read == 0,
        passages_sampled=len(texts),
        passages_cut_off=sum(embedder.count_tokens(text) > embedder.max_tokens for text in texts),
    )


def _count(session: Session, organization_id: uuid.UUID, planned: Plan) -> _Counts:
    current = (
        select(DocumentVersion.id, DocumentVersion.chunking)
        .join(Document, Document.current_version_id == DocumentVersion.id)
        .where(Document.organization_id == organization_id, Document.tombstoned_at.is_(None))
        .subquery("current")
    )
    other_cut = aliased(Chunk)
    is_cut = exists().where(other_cut.document_version_id == current.c.id, other_cut.chunking == planned.chunking)
    documents = session.scalar(select(func.count()).select_from(current)) or 0
    to_read = session.scalar(select(func.count()).select_from(current).where(~is_cut)) or 0
    cut = session.execute(
        select(func.count().label("passages"), func.coalesce(func.sum(Chunk.token_count), 0).label("tokens"))
        .join(current, current.c.id == Chunk.document_version_id)
        .where(Chunk.chunking == planned.chunking)
    ).one()
    needed = _needed(session, current, planned)
    # What is not cut yet: as many tokens as in the cut that there is, in passages as full as those are.
    other = session.execute(
        select(
            func.count().label("passages"),
            func.coalesce(func.sum(Chunk.token_count), 0).label("tokens"),
            func.max(Chunk.token_count).label("longest"),
        )
        .join(current, current.c.id == Chunk.document_version_id)
        .where(Chunk.chunking == current.c.chunking, ~is_cut)
    ).one()
    guessed = 0
    if other.passages:
        fullness = other.tokens / other.passages / max(1, other.longest)
        guessed = round(other.tokens / max(1.0, fullness * planned.chunks.chunk_tokens))
        guessed = max(guessed, to_read)
    return _Counts(documents, to_read, cut.passages + guessed, int(cut.tokens + other.tokens), needed + guessed)


def _needed(session: Session, current: Subquery, planned: Plan) -> int:
    is_embedded = exists().where(
        Embedding.organization_id == Chunk.organization_id,
        Embedding.text_hash == Chunk.text_hash,
        Embedding.model == planned.embedder.model,
    )
    statement = (
        select(func.count(Chunk.text_hash.distinct()))
        .join(current, current.c.id == Chunk.document_version_id)
        .where(Chunk.chunking == planned.chunking, ~is_embedded)
    )
    return session.scalar(statement) or 0


def _sample_passages(session: Session, organization_id: uuid.UUID) -> Sequence[AnyRow]:
    """Passages in the order of their hashes: a sample that is spread over all documents, and the same each time."""
    statement = (
        select(Chunk.heading_path, Chunk.text)
        .join(Document, Document.current_version_id == Chunk.document_version_id)
        .where(Chunk.organization_id == organization_id, Document.tombstoned_at.is_(None))
        .order_by(Chunk.text_hash)
        .limit(_SAMPLE_PASSAGES)
    )
    return session.execute(statement).all()


def _sample_originals(session: Session, organization_id: uuid.UUID, planned: Plan) -> list[Original]:
    is_cut = exists().where(Chunk.document_version_id == DocumentVersion.id, Chunk.chunking == planned.chunking)
    rows = session.execute(
        select(DocumentVersion.content_hash, Document.name, DocumentVersion.declared_type)
        .join(Document, Document.current_version_id == DocumentVersion.id)
        .where(Document.organization_id == organization_id, Document.tombstoned_at.is_(None), ~is_cut)
        .order_by(DocumentVersion.content_hash)
        .limit(_SAMPLE_DOCUMENTS)
    ).all()
    return [Original(organization_id, row.content_hash, row.name, row.declared_type) for row in rows]


def _seconds_per_embedding(planned: Plan, texts: Sequence[str]) -> float:
    if not texts:
        return 0.0
    planned.embedder.embed(texts[:1])  # loading is not what is measured
    started = time.perf_counter()
    planned.embedder.embed(texts)
    return (time.perf_counter() - started) / len(texts)


def _seconds_per_document(stores: Stores, originals: Sequence[Original], *, settings: IngestSettings) -> float:
    if not originals:
        return 0.0
    # A sample may not take long itself; one that is cut short still tells that reading takes so long at least.
    quick = settings.model_copy(update={"parse_seconds": _SAMPLE_SECONDS, "ocr_seconds": _SAMPLE_SECONDS})
    sandbox = ParserSandbox(quick)
    started = time.perf_counter()
    try:
        for original in originals:
            try:
                read_original(stores, sandbox, original, settings=quick)
            except (ParseError, FileMissingError):
                continue  # the build will tell; the time was spent all the same
    finally:
        sandbox.close()
    return (time.perf_counter() - started) / len(originals)
