"""Fills the vector table of an index version, some document versions at a time.

Passages and vectors that Postgres has are used as they are; only what is not cut yet is read again, and only what is
not embedded yet goes through the model. Each step commits before the next: whoever comes after a crash goes on there.
"""

import uuid
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from types import TracebackType

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from ingestion.crash_points import reach
from ingestion.embedding.cache import load_vectors, store_vectors
from ingestion.errors import ParseError
from ingestion.index_builds.contents import MissingVersion
from ingestion.live_index import Target, table_spec
from ingestion.manifests import write_manifest
from ingestion.parsing.sandbox import ParserSandbox
from ingestion.passages import as_passages, compute_vectors, store_passages, text_to_embed
from ingestion.reading import Original, read_original
from ingestion.settings import IngestSettings
from storage.errors import FileMissingError, StorageError
from storage.expected_rows import expected_rows
from storage.lance.contents import VersionContents
from storage.lance.writer_lock import writer_lock
from storage.postgres.models.chunk import Chunk
from storage.postgres.models.organization import Organization
from storage.postgres.session import organization_session
from storage.records.failure_type import FailureType
from storage.records.vector import VectorRow
from storage.stores import Stores

log = structlog.get_logger(__name__)

_TEXTS_PER_COMMIT = 256


@dataclass(slots=True)
class Filled:
    """What was done so far; `problems` says of each version that cannot be read why."""

    documents: int = 0
    passages: int = 0
    read: int = 0
    embeddings_computed: int = 0
    embeddings_reused: int = 0
    problems: dict[uuid.UUID, str] = field(default_factory=dict)


class Filler:
    """Fills one index version. Use it as a context manager: parsers start only when something must be read again."""

    def __init__(self, stores: Stores, target: Target, *, settings: IngestSettings) -> None:
        self._stores = stores
        self._target = target
        self._index = target.index
        self._settings = settings
        self._sandbox: ParserSandbox | None = None
        self._hash_key: bytes | None = None
        self.done = Filled()

    def __enter__(self) -> "Filler":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._sandbox is not None:
            self._sandbox.close()

    def fill(self, batch: Sequence[MissingVersion]) -> None:
        """Bring these versions into the index.

        Raises:
            StorageError: A store is in trouble; worth trying again.
            ModelUnavailableError: The index's model cannot be loaded.
        """
        readable = self._cut(batch)
        reach("after_batch_read")
        self._embed(readable)
        reach("after_batch_committed")
        if readable:
            self._write(readable)
            reach("after_batch_noted")
        self.done.documents += len(readable)

    def _cut(self, versions: Sequence[MissingVersion]) -> list[uuid.UUID]:
        """See that each version has its passages; those that cannot be read are left out and remembered."""
        with self._session() as session:
            cut = set(
                session.scalars(
                    select(Chunk.document_version_id)
                    .where(
                        Chunk.document_version_id.in_([version.version_id for version in versions]),
                        Chunk.chunking == self._index.chunker,
                    )
                    .distinct()
                )
            )
        for version in versions:
            if version.version_id in cut:
                continue
            try:
                self._read(version)
            except (ParseError, FileMissingError) as error:
                log.warning("index_document_unreadable", version_id=str(version.version_id), index=self._index.number)
                self.done.problems[version.version_id] = f"{version.name}: {error}"
        return [version.version_id for version in versions if version.version_id not in self.done.problems]

    def _read(self, version: MissingVersion) -> None:
        self._sandbox = self._sandbox or ParserSandbox(self._settings)
        organization_id = self._index.organization_id
        original = Original(organization_id, version.content_hash, version.name, version.declared_type)
        parsed = read_original(self._stores, self._sandbox, original, settings=self._settings)
        drafts = self._target.chunker.chunk(parsed)
        if not drafts:  # otherwise it would be missing for ever, and be read again for ever
            raise ParseError(FailureType.EMPTY, "Cut like this, the document has no text to search in.")
        with self._session() as session:
            if self._hash_key is None:
                self._hash_key = session.get_one(Organization, organization_id).hash_key
            passages = as_passages(
                session,
                drafts,
                organization_id=organization_id,
                hash_key=self._hash_key,
                version_id=version.version_id,
                chunking=self._index.chunker,
            )
            store_passages(
                session,
                passages,
                organization_id=organization_id,
                document_id=version.document_id,
                version_id=version.version_id,
                chunking=self._index.chunker,
                language=parsed.language,
            )
        self.done.read += 1

    def _embed(self, version_ids: Sequence[uuid.UUID]) -> None:
        """See that each passage has its vector under the index's model."""
        model, organization_id = self._index.embedding_model, self._index.organization_id
        with self._session() as session:
            rows = session.execute(
                select(Chunk.text_hash, Chunk.heading_path, Chunk.text)
                .where(Chunk.document_version_id.in_(version_ids), Chunk.chunking == self._index.chunker)
                .order_by(Chunk.document_version_id, Chunk.ordinal)
            ).all()
            known = load_vectors(session, organization_id, hashes=[row.text_hash for row in rows], model=model)
        self.done.embeddings_reused += len(known)
        missing = {row.text_hash: row for row in rows if row.text_hash not in known}
        hashes = list(missing)
        for start in range(0, len(hashes), _TEXTS_PER_COMMIT):
            some = hashes[start : start + _TEXTS_PER_COMMIT]
            texts = {key: text_to_embed(missing[key].heading_path, missing[key].text) for key in some}
            vectors = compute_vectors(self._target.embedder, texts)
            with self._session() as session:
                store_vectors(session, organization_id, vectors=vectors, model=model)
            self.done.embeddings_computed += len(vectors)

    def _write(self, version_ids: Sequence[uuid.UUID]) -> None:
        """Rows into the table, read back, then the manifests: in this order, under the table's lock."""
        index = self._index
        with writer_lock(self._stores.app, index.table_name) as check_lock:
            rows: dict[uuid.UUID, list[VectorRow]] = {version_id: [] for version_id in version_ids}
            with self._session() as session:
                for expected in expected_rows(session, index, version_ids=version_ids):
                    rows[expected.document_version_id].append(expected.row)
            lance_version, found = self._stores.vectors.replace_versions(table_spec(index), rows)
            reach("after_batch_indexed")
            _check(index.table_name, rows, found)
            check_lock()
            with self._session() as session:
                # A version without rows was overtaken while it was on its way: it is not current any more.
                for version_id, contents in found.items():
                    write_manifest(session, index, version_id, lance_version=lance_version, contents=contents)
                    self.done.passages += contents.row_count
            # A search reads rows that are in no index one by one: an index version would be judged, and used, as slow.
            self._stores.vectors.compact(index.table_name)

    def _session(self) -> AbstractContextManager[Session]:
        return organization_session(self._stores.app, self._index.organization_id)


def _check(
    table_name: str, rows: Mapping[uuid.UUID, Sequence[VectorRow]], found: Mapping[uuid.UUID, VersionContents]
) -> None:
    for version_id, own in rows.items():
        written = VersionContents.of([row.chunk_id for row in own])
        back = found.get(version_id, VersionContents.of([]))
        if (back.row_count, back.digest) != (written.row_count, written.digest):
            raise StorageError(
                f"Vector table `{table_name}` gave back {back.row_count} rows for version {version_id}; "
                f"{written.row_count} were written. Go on with the build: it writes them again."
            )
