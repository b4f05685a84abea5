"""Steps 3 to 6 of the ingest protocol, one stage after another: parse, chunk, embed, commit, index, flip.

A crash anywhere means: run again from the last transaction. Nothing is visible before the flip.
"""

import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from ingestion import ledger
from ingestion.crash_points import reach
from ingestion.embedding.cache import load_vectors, text_hash
from ingestion.embedding.embedder import Embedder
from ingestion.embedding.text import embedding_text
from ingestion.errors import ParseError
from ingestion.language import guess_language
from ingestion.leases import Lease, check_fence
from ingestion.ledger import IndexedChunk, Work
from ingestion.live_index import ensure_live_index, table_spec
from ingestion.minhash import signature
from ingestion.parsing.sandbox import ParserSandbox
from ingestion.pipeline_version import pipeline_chunker
from ingestion.quality import quality_of
from ingestion.settings import IngestSettings
from storage.errors import StorageError
from storage.files.store import content_key
from storage.lance.contents import VersionContents
from storage.lance.writer_lock import writer_lock
from storage.postgres.models.document_version import VersionState
from storage.postgres.session import organization_session
from storage.records.chunk_draft import ChunkDraft
from storage.records.failure_type import FailureType
from storage.records.parsed_document import ParsedDocument
from storage.records.record import Record
from storage.records.vector import Vector, VectorRow, vector_from_bytes, vector_to_bytes
from storage.stores import Stores

log = structlog.get_logger(__name__)

_TELL_EVERY_S = 0.5


class Outcome(Record):
    """What became of one job: the version's state, and what it took."""

    version_id: uuid.UUID
    state: VersionState
    failure_type: FailureType | None = None
    pages: int = 0
    passages: int = 0
    embeddings_computed: int = 0
    seconds: float = 0.0


class Pipeline:
    """Runs a leased job to its end. Holds the parser sandbox and the embedder, so one per worker thread."""

    def __init__(self, stores: Stores, *, embedder: Embedder, sandbox: ParserSandbox, settings: IngestSettings) -> None:
        self._stores = stores
        self._embedder = embedder
        self._sandbox = sandbox
        self._settings = settings
        self._chunker = pipeline_chunker(settings, embedder)

    def run(self, lease: Lease) -> Outcome:
        """Take a version from leased to current.

        Raises:
            ParseError: It cannot be read; terminal.
            LeaseLostError: A newer worker has the job; nothing was written by this one.
            StorageError: A store is in trouble; worth trying again.
        """
        started = time.monotonic()
        reach("after_leased")
        with organization_session(self._stores.app, lease.organization_id) as session:
            work = ledger.begin(session, lease)
        if work is None:
            return Outcome(version_id=lease.version_id, state=VersionState.SUPERSEDED)
        kept = self._kept(work)
        if kept is not None:
            state = self._index(lease, work, kept, started)
            return Outcome(version_id=work.version_id, state=state, passages=len(kept), seconds=_since(started))
        parsed = self._parse(lease, work)
        reach("after_parsed")
        drafts = self._chunker.chunk(parsed)
        if not drafts:
            raise ParseError(FailureType.EMPTY, "The document has no text to search in.")
        chunks, computed = self._embed(work, drafts, parsed.language)
        reach("after_embedded")
        held = self._commit(lease, work, parsed, chunks, computed)
        reach("after_chunks_committed")
        rows = [chunk.row(work.knowledge_base_id) for chunk in chunks]
        state = VersionState.HELD if held else self._index(lease, work, rows, started)
        return Outcome(
            version_id=work.version_id,
            state=state,
            pages=parsed.page_count or 0,
            passages=len(chunks),
            embeddings_computed=len(computed),
            seconds=_since(started),
        )

    def _kept(self, work: Work) -> list[VectorRow] | None:
        """The vectors of a version that somebody decided for: what was read before need not be read again."""
        if not work.is_accepted:
            return None
        with organization_session(self._stores.app, work.organization_id) as session:
            return ledger.kept_rows(session, work, model=self._embedder.model)

    def _parse(self, lease: Lease, work: Work) -> ParsedDocument:
        told_at = time.monotonic()

        def tell(done: int, total: int) -> None:
            nonlocal told_at
            if time.monotonic() - told_at >= _TELL_EVERY_S:
                told_at = time.monotonic()
                with organization_session(self._stores.app, lease.organization_id) as session:
                    ledger.note_pages(session, lease, done=done, total=total)

        with (
            tempfile.TemporaryDirectory(prefix="pixel-spool-") as folder,
            self._stores.files.local_copy(work.organization_id, work.content_hash, Path(folder)) as path,
        ):
            parsed = self._read(path, work, tell)
        return parsed.model_copy(update={"language": parsed.language or guess_language(parsed.text)})

    def _read(self, path: Path, work: Work, tell: Callable[[int, int], None]) -> ParsedDocument:
        """In the sandbox; a protected document is tried with each password of the settings."""
        for password in (None, *self._settings.passwords):
            try:
                return self._sandbox.parse(
                    path, name=work.name, declared_type=work.declared_type, password=password, on_progress=tell
                )
            except ParseError as error:
                if error.failure_type is not FailureType.ENCRYPTED:
                    raise
                refused = error
        raise refused

    def _embed(
        self, work: Work, drafts: Sequence[ChunkDraft], language: str | None
    ) -> tuple[list[IndexedChunk], dict[str, Vector]]:
        """Vectors of all chunks, from Postgres where it has them; also those that were computed."""
        embedder = self._embedder
        texts = [
            embedding_text(d.heading_path, d.text, count_tokens=embedder.count_tokens, room=embedder.max_tokens)
            for d in drafts
        ]
        hashes = [text_hash(work.hash_key, text) for text in texts]
        with organization_session(self._stores.app, work.organization_id) as session:
            known = load_vectors(session, work.organization_id, hashes=hashes, model=embedder.model)
        missing = {key: text for key, text in zip(hashes, texts, strict=True) if key not in known}
        vectors = embedder.embed(list(missing.values()))
        # What is indexed is what Postgres keeps, to the bit: then a rebuilt table equals this one.
        computed = {
            key: vector_from_bytes(vector_to_bytes(vector)) for key, vector in zip(missing, vectors, strict=True)
        }
        known.update(computed)
        chunks = [
            IndexedChunk(
                chunk_id=ledger.chunk_id(work.organization_id, work.version_id, ordinal=d.ordinal, text_hash=key),
                text_hash=key,
                draft=d,
                vector=known[key],
                # A passage long enough to tell speaks for itself; the others have the document's language.
                language=guess_language(d.text) or language,
            )
            for d, key in zip(drafts, hashes, strict=True)
        ]
        return chunks, computed

    def _commit(
        self,
        lease: Lease,
        work: Work,
        parsed: ParsedDocument,
        chunks: Sequence[IndexedChunk],
        computed: dict[str, Vector],
    ) -> bool:
        """TX-B, and whether the version was held back instead of going on to the index."""
        text = parsed.text.encode("utf-8", errors="replace")
        text_key = content_key(work.hash_key, text)
        self._stores.files.put(work.organization_id, text_key, text)
        quality, wording = quality_of(parsed), signature(parsed.text)
        with organization_session(self._stores.app, work.organization_id) as session:
            ledger.commit_chunks(
                session,
                lease,
                parsed=parsed,
                text_key=text_key,
                chunks=chunks,
                new_vectors=computed,
                model=self._embedder.model,
                quality=quality,
                wording=wording,
            )
            return ledger.hold_if_far_worse(session, lease, quality)

    def _index(self, lease: Lease, work: Work, rows: Sequence[VectorRow], started: float) -> VersionState:
        with organization_session(self._stores.app, work.organization_id) as session:
            index = ensure_live_index(
                session, work.organization_id, embedder=self._embedder, chunker=self._chunker.name
            )
        expected = VersionContents.of([row.chunk_id for row in rows])
        with writer_lock(self._stores.app, index.table_name) as check_lock:
            with organization_session(self._stores.app, work.organization_id) as session:
                check_fence(session, lease)
            lance_version, found = self._stores.vectors.replace_version(
                table_spec(index), work.version_id, rows, on_step=lambda step: reach(f"after_{step}")
            )
            if (found.row_count, found.digest) != (expected.row_count, expected.digest):
                raise StorageError(
                    f"Vector table `{index.table_name}` gave back {found.row_count} rows for version "
                    f"{work.version_id}; {expected.row_count} were written. It is written again."
                )
            check_lock()
            with organization_session(self._stores.app, work.organization_id) as session:
                state = ledger.flip(
                    session,
                    lease,
                    index_version_id=index.id,
                    lance_version=lance_version,
                    contents=found,
                    seconds=_since(started),
                )
            reach("after_flip")
            self._stores.vectors.compact(index.table_name)
        return state


def _since(started: float) -> float:
    return round(time.monotonic() - started, 3)
