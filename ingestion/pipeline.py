"""Steps 3 to 6 of the ingest protocol, one stage after another: parse, chunk, embed, commit, index, flip.

A crash anywhere means: run again from the last transaction. Nothing is visible before the flip.
"""

import time
import uuid
from collections.abc import Sequence

import structlog

from ingestion import ledger
from ingestion.crash_points import reach
from ingestion.embedding.cache import load_vectors
from ingestion.embedding.embedder import Embedder
from ingestion.errors import ParseError
from ingestion.leases import Lease, check_fence
from ingestion.ledger import Work
from ingestion.live_index import LiveIndexChangedError, Target, live_target, table_spec
from ingestion.manifests import has_manifest
from ingestion.minhash import signature
from ingestion.parsing.sandbox import ParserSandbox
from ingestion.passages import Passage, as_passages, compute_vectors
from ingestion.quality import quality_of
from ingestion.reading import Original, read_original
from ingestion.settings import IngestSettings
from storage.errors import StorageError
from storage.files.store import content_key
from storage.lance.contents import VersionContents
from storage.lance.writer_lock import writer_lock
from storage.postgres.models.document_version import VersionState
from storage.postgres.models.index_version import IndexVersion
from storage.postgres.session import organization_session
from storage.records.failure_type import FailureType
from storage.records.parsed_document import ParsedDocument
from storage.records.record import Record
from storage.records.vector import Vector, VectorRow
from storage.stores import Stores

log = structlog.get_logger(__name__)

_TELL_EVERY_S = 0.5
# So few that a cancelled document is let go of soon, and so many that texts of like length go through the model together.
_EMBEDDED_AT_ONCE = 32
_MOST_TARGETS = 4  # how often the live index may change under one document before it is put back


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

    def run(self, lease: Lease) -> Outcome:
        """Take a version from leased to current, in the index that is live when it gets there.

        Raises:
            ParseError: It cannot be read; terminal.
            LeaseLostError: A newer worker has the job; nothing was written by this one.
            StorageError: A store is in trouble; worth trying again.
            ModelUnavailableError: The live index's embedding model is not here; worth trying again.
        """
        started = time.monotonic()
        reach("after_leased")
        with organization_session(self._stores.app, lease.organization_id) as session:
            work = ledger.begin(session, lease)
        if work is None:
            return Outcome(version_id=lease.version_id, state=VersionState.SUPERSEDED)
        parsed: ParsedDocument | None = None
        for attempt in range(1, _MOST_TARGETS + 1):
            target = live_target(self._stores, work.organization_id, embedder=self._embedder, settings=self._settings)
            try:
                kept = self._kept(work, target)
                if kept is not None:
                    state = self._index(lease, work, target, kept, started)
                    return Outcome(version_id=work.version_id, state=state, passages=len(kept), seconds=_since(started))
                parsed = parsed or self._parse(lease, work)
                return self._into(lease, work, target, parsed, started)
            except LiveIndexChangedError:
                log.info("live_index_changed", version_id=str(work.version_id), attempt=attempt)
        raise StorageError(
            f"The live index changed {_MOST_TARGETS} times under version {work.version_id}; later again."
        )

    def _into(self, lease: Lease, work: Work, target: Target, parsed: ParsedDocument, started: float) -> Outcome:
        """Cut, embed, commit and index a document for one index version."""
        drafts = target.chunker.chunk(parsed)
        if not drafts:
            raise ParseError(FailureType.EMPTY, "The document has no text to search in.")
        with organization_session(self._stores.app, work.organization_id) as session:
            passages = as_passages(
                session,
                drafts,
                organization_id=work.organization_id,
                hash_key=work.hash_key,
                version_id=work.version_id,
                chunking=target.index.chunker,
            )
        vectors, computed = self._embed(lease, work, target, passages)
        reach("after_embedded")
        held = self._commit(lease, work, target, parsed, passages, computed)
        reach("after_chunks_committed")
        rows = [p.row(work.knowledge_base_id, vectors[p.text_hash], language=parsed.language) for p in passages]
        state = VersionState.HELD if held else self._index(lease, work, target, rows, started)
        return Outcome(
            version_id=work.version_id,
            state=state,
            pages=parsed.page_count or 0,
            passages=len(passages),
            embeddings_computed=len(computed),
            seconds=_since(started),
        )

    def _kept(self, work: Work, target: Target) -> list[VectorRow] | None:
        """The vectors of a version that somebody decided for: what was read before need not be read again."""
        if not work.is_accepted:
            return None
        with organization_session(self._stores.app, work.organization_id) as session:
            return ledger.kept_rows(session, work, target.index)

    def _parse(self, lease: Lease, work: Work) -> ParsedDocument:
        told_at = time.monotonic()

        def tell(done: int, total: int) -> None:
            nonlocal told_at
            if time.monotonic() - told_at >= _TELL_EVERY_S:
                told_at = time.monotonic()
                with organization_session(self._stores.app, lease.organization_id) as session:
                    ledger.note_pages(session, lease, done=done, total=total)

        original = Original(work.organization_id, work.content_hash, work.name, work.declared_type)
        parsed = read_original(self._stores, self._sandbox, original, settings=self._settings, on_progress=tell)
        reach("after_parsed")
        return parsed

    def _embed(
        self, lease: Lease, work: Work, target: Target, passages: Sequence[Passage]
    ) -> tuple[dict[str, Vector], dict[str, Vector]]:
        """Vectors of all passages by hash, from Postgres where it has them; also those that were computed."""
        hashes = [passage.text_hash for passage in passages]
        with organization_session(self._stores.app, work.organization_id) as session:
            known = load_vectors(session, work.organization_id, hashes=hashes, model=target.index.embedding_model)
        missing = list({p.text_hash: p.embedded for p in passages if p.text_hash not in known}.items())
        computed: dict[str, Vector] = {}
        told_at = time.monotonic()
        for start in range(0, len(missing), _EMBEDDED_AT_ONCE):
            if start and time.monotonic() - told_at >= _TELL_EVERY_S:
                told_at = time.monotonic()
                with organization_session(self._stores.app, lease.organization_id) as session:
                    ledger.note_passages(session, lease, done=start, total=len(missing))
            computed |= compute_vectors(target.embedder, dict(missing[start : start + _EMBEDDED_AT_ONCE]))
        return known | computed, computed

    def _commit(
        self,
        lease: Lease,
        work: Work,
        target: Target,
        parsed: ParsedDocument,
        passages: Sequence[Passage],
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
                passages=passages,
                new_vectors=computed,
                index=target.index,
                quality=quality,
                wording=wording,
            )
            return ledger.hold_if_far_worse(session, lease, quality)

    def _index(
        self, lease: Lease, work: Work, target: Target, rows: Sequence[VectorRow], started: float
    ) -> VersionState:
        index = target.index
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
            try:
                with organization_session(self._stores.app, work.organization_id) as session:
                    state = ledger.flip(
                        session,
                        lease,
                        index=index,
                        knowledge_base_id=work.knowledge_base_id,
                        lance_version=lance_version,
                        contents=found,
                        seconds=_since(started),
                    )
            except LiveIndexChangedError:
                self._take_back(work, index)
                raise
            reach("after_flip")
            self._stores.vectors.compact(index.table_name)
        return state

    def _take_back(self, work: Work, index: IndexVersion) -> None:
        """Remove rows that no manifest speaks of: left behind, they would fail the checks of the next promotion."""
        with organization_session(self._stores.app, work.organization_id) as session:
            is_held = has_manifest(session, index, work.version_id)
        if not is_held:
            self._stores.vectors.remove_version(index.table_name, work.version_id)


def _since(started: float) -> float:
    return round(time.monotonic() - started, 3)
