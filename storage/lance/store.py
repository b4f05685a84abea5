"""The vector store: search, replace and remove rows, read back, compact, drop.

A search returns ids only; Postgres decides what may be shown. LanceDB holds threads, so a process that used this store must
not fork: spawn.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from storage.analysis.analyzer import QueryTerms
from storage.errors import IndexUnavailableError
from storage.lance.contents import StoredRow, VersionContents, group_by_version, vector_fingerprint
from storage.lance.durability import FsyncSweep
from storage.lance.image import TableImage
from storage.lance.images import Images
from storage.lance.scan import scan_vectors
from storage.lance.schema import TableSpec, arrow_schema, check_table
from storage.lance.tables import Tables
from storage.lance.text_index import any_of, check_ids, create_text_index, is_behind, search_terms
from storage.records.vector import Candidate, Vector, VectorRow

if TYPE_CHECKING:
    import pyarrow as pa
    from lancedb.table import Table

_SCAN_BATCH_ROWS = 4096
_KEY_COLUMNS = ("chunk_id", "document_version_id", "knowledge_base_id", "terms_key")
_HISTORY_KEPT = timedelta(minutes=10)
_FRAGMENTS_BEFORE_COMPACTION = 64


class VectorStore:
    """Vector tables under one LanceDB URI. Safe to use from many threads.

    Whoever writes holds the table's writer lock (`storage.lance.writer_lock`).
    """

    def __init__(self, uri: str, *, memory_mb: int = 2048) -> None:
        self._tables = Tables(uri)
        self._sweep = FsyncSweep()
        self._images = Images(memory_mb * 1024 * 1024)

    def search(
        self,
        table_name: str,
        vector: Vector,
        *,
        limit: int,
        knowledge_base_ids: Collection[uuid.UUID] | None = None,
        document_version_ids: Collection[uuid.UUID] | None = None,
        embedding_model: str | None = None,
    ) -> list[Candidate]:
        """The nearest chunks by cosine similarity.

        A table that fits the memory budget is searched in memory: all of it up to `EXACT_ROWS` rows, beyond that by an
        index whose recall was measured when it was made. Until a large one is in memory, and where it finds no room,
        Lance scans all of it.

        Args:
            table_name: Table of the organization's index version.
            vector: Query, float32[dimension].
            limit: How many candidates at most.
            knowledge_base_ids: Only these knowledge bases; None for all, an empty list for none.
            document_version_ids: Only these document versions; None for all, an empty list for none.
            embedding_model: Refuse a table of another model.

        Returns:
            Candidates, best first; equal scores in order of chunk id.

        Raises:
            IndexUnavailableError: The table is missing or unreadable.
            IndexMismatchError: The table holds vectors of another model or dimension.
        """
        wanted = {"knowledge_base_id": knowledge_base_ids, "document_version_id": document_version_ids}
        if limit < 1 or _excludes_all(*wanted.values()):
            return []

        stamp = self._tables.stamp(table_name)
        unit = vector / max(float(np.linalg.norm(vector)), 1e-9)

        def of(image: TableImage) -> list[Candidate]:
            check_table(table_name, image.schema, embedding_model=embedding_model, dimension=len(vector))
            return image.search(
                unit, limit=limit, knowledge_base_ids=knowledge_base_ids, document_version_ids=document_version_ids
            )

        def run(table: Table) -> list[Candidate]:
            check_table(table_name, table.schema, embedding_model=embedding_model, dimension=len(vector))
            image = self._images.current(table_name, table, stamp=stamp)
            if image is not None:
                return of(image)
            conditions = [any_of(column, ids) for column, ids in wanted.items() if ids is not None]
            return scan_vectors(table, unit, limit=limit, condition=" AND ".join(conditions))

        held = self._images.held(table_name, stamp)
        return of(held) if held is not None else self._tables.read(table_name, run)

    def search_text(
        self,
        table_name: str,
        terms: QueryTerms,
        *,
        limit: int,
        knowledge_base_ids: Collection[uuid.UUID] | None = None,
        document_version_ids: Collection[uuid.UUID] | None = None,
    ) -> list[Candidate]:
        """The chunks that match best by BM25, best first; arguments and errors as in `search`."""
        if limit < 1 or _excludes_all(knowledge_base_ids, document_version_ids):
            return []

        def run(table: Table) -> list[Candidate]:
            check_table(table_name, table.schema, embedding_model=None, dimension=None)
            return search_terms(
                table,
                terms.whole,
                terms.parts,
                limit=limit,
                knowledge_base_ids=knowledge_base_ids,
                document_version_ids=document_version_ids,
            )

        return self._tables.read(table_name, run)

    def load(self, table_name: str) -> None:
        """Take a table into memory now, so that the first search need not wait; raises IndexUnavailableError."""
        self._tables.read(table_name, lambda table: self._images.load(table_name, table))

    def replace_version(
        self,
        spec: TableSpec,
        version_id: uuid.UUID,
        rows: Sequence[VectorRow],
        *,
        on_step: Callable[[str], None] = lambda step: None,
    ) -> tuple[int, VersionContents]:
        """Make the table hold exactly these rows for a document version, durably.

        The caller holds the table's writer lock. Running it again gives the same contents.

        Args:
            spec: The table; made when it is missing.
            version_id: Whose rows are replaced.
            rows: The new rows.
            on_step: Told `vectors_deleted`, `vectors_added`, `fsync` and `read_back` as each is done.

        Returns:
            The Lance version, and the contents as read back from it.

        Raises:
            IndexMismatchError: The table holds another model or dimension.
            IndexUnavailableError: The table cannot be opened.
        """
        condition = any_of("document_version_id", [version_id])
        with self._tables.writing(spec.name):
            table = self._writable(spec)
            if table.count_rows(condition):
                table.delete(condition)
            on_step("vectors_deleted")
            if rows:
                table.add(_arrow_rows(spec, version_id, rows))
            on_step("vectors_added")
            self._sync(spec.name)
        on_step("fsync")
        found = self._tables.read(spec.name, lambda t: _ids(t, condition))
        on_step("read_back")
        return int(table.version), VersionContents.of(found)

    def replace_versions(
        self, spec: TableSpec, rows: Mapping[uuid.UUID, Sequence[VectorRow]]
    ) -> tuple[int, dict[uuid.UUID, VersionContents]]:
        """As `replace_version`, for many document versions in one commit: how an index is filled.

        Args:
            spec: The table; made when it is missing.
            rows: The new rows of each version.

        Returns:
            The Lance version, and the contents of each version as read back from it.

        Raises:
            IndexMismatchError: The table holds another model or dimension.
            IndexUnavailableError: The table cannot be opened.
        """
        condition = any_of("document_version_id", list(rows))
        with self._tables.writing(spec.name):
            table = self._writable(spec)
            if table.count_rows(condition):
                table.delete(condition)
            _add(table, spec, rows)
            self._sync(spec.name)
        found = self._tables.read(spec.name, lambda t: list(_stored_rows(t, condition)))
        return int(table.version), group_by_version(iter(found))

    def count(self, table_name: str) -> int:
        """Rows of a table, deleted ones left out; -1 when it is missing or unreadable."""
        try:
            return self._tables.read(table_name, lambda table: int(table.count_rows()))
        except IndexUnavailableError:
            return -1

    def version(self, table_name: str) -> int:
        """The newest Lance version of a table; raises IndexUnavailableError when it is missing or unreadable."""
        return self._tables.read(table_name, lambda table: int(table.version))

    def add_rows(self, spec: TableSpec, version_id: uuid.UUID, rows: Sequence[VectorRow]) -> None:
        """Add rows without looking for old ones: for filling an empty table. The caller syncs by `finish`."""
        with self._tables.writing(spec.name):
            self._writable(spec).add(_arrow_rows(spec, version_id, rows))

    def add_versions(self, spec: TableSpec, rows: Mapping[uuid.UUID, Sequence[VectorRow]]) -> None:
        """As `add_rows`, for many document versions in one commit."""
        with self._tables.writing(spec.name):
            _add(self._writable(spec), spec, rows)

    def finish(self, table_name: str) -> None:
        """Make everything written to the table durable."""
        self._sync(table_name)

    def remove_version(self, table_name: str, version_id: uuid.UUID) -> int:
        """Delete the rows of a document version, durably; return how many. A missing table holds none."""
        return self._remove(table_name, any_of("document_version_id", [version_id]))

    def remove_chunks(self, table_name: str, chunk_ids: Sequence[uuid.UUID]) -> int:
        """Delete rows by chunk id, durably; return how many."""
        return self._remove(table_name, any_of("chunk_id", chunk_ids)) if chunk_ids else 0

    def contents(self, table_name: str) -> dict[uuid.UUID, VersionContents]:
        """What the table holds, per document version, read in full.

        Raises:
            IndexUnavailableError: The table is missing or unreadable.
        """
        return group_by_version(iter(self.rows(table_name)))

    def rows(self, table_name: str) -> list[StoredRow]:
        """Every row of the table, vectors as fingerprints; raises IndexUnavailableError like `contents`."""
        return self._tables.read(table_name, lambda table: list(_stored_rows(table)))

    def check(self, spec: TableSpec) -> None:
        """Raise IndexUnavailableError or IndexMismatchError unless the table opens and is of this model."""
        schema = self._tables.read(spec.name, lambda table: table.schema)
        check_table(spec.name, schema, embedding_model=spec.embedding_model, dimension=spec.dimension)

    def is_listed(self, table_name: str) -> bool:
        """Whether there is a table of this name, readable or not."""
        return self._tables.is_listed(table_name)

    def compact(self, table_name: str) -> bool:
        """Merge small files once there are many, and index new terms, so that searches stay fast.

        The caller holds the writer lock.

        Returns:
            Whether anything was merged.
        """
        table = self._tables.open(table_name)
        statistics = cast("dict[str, Any]", table.stats())  # a dictionary, whatever its annotation says
        if statistics["fragment_stats"]["num_fragments"] < _FRAGMENTS_BEFORE_COMPACTION and not is_behind(table):
            return False
        table.optimize(cleanup_older_than=_HISTORY_KEPT)
        self._sync(table_name)
        return True

    def rebuild_text_index(self, table_name: str) -> None:
        """Make the index of full-text search anew from the rows that are there; the caller holds the writer lock.

        Raises:
            IndexUnavailableError: The table is missing or unreadable.
        """
        with self._tables.writing(table_name):
            self._tables.forget(table_name)  # the files were rewritten behind this handle
            create_text_index(self._tables.open(table_name))

    def create(self, spec: TableSpec) -> None:
        """Make the table, replacing whatever is there under its name, readable or not."""
        self.drop(spec.name)
        self._writable(spec)
        self._sync(spec.name)

    def drop(self, table_name: str) -> None:
        """Remove a table and its files; no error when it is missing."""
        self._images.forget(table_name)
        self._tables.drop(table_name)

    def _remove(self, table_name: str, condition: str) -> int:
        try:
            table = self._tables.open(table_name)
        except IndexUnavailableError:
            if self._tables.is_listed(table_name):
                raise
            return 0
        with self._tables.writing(table_name):
            count = int(table.count_rows(condition))
            if count:
                table.delete(condition)
                self._sync(table_name)
        return count

    def _writable(self, spec: TableSpec) -> Table:
        try:
            table = self._tables.open(spec.name)
            schema = table.schema
        except IndexUnavailableError:
            if self._tables.is_listed(spec.name):
                raise
            schema = arrow_schema(spec, identity=uuid.uuid4().hex)
            table = self._tables.create(spec.name, schema)
            create_text_index(table)
        check_table(spec.name, schema, embedding_model=spec.embedding_model, dimension=spec.dimension)
        return table

    def _sync(self, table_name: str) -> None:
        path = self._tables.local_path(table_name)
        if path is not None:
            self._sweep.run(path)


def _excludes_all(*filters: Collection[uuid.UUID] | None) -> bool:
    """Whether one of the filters lets nothing through. Refuses what is no list of UUID objects."""
    for ids in filters:
        check_ids(ids or ())
    return any(ids is not None and not ids for ids in filters)


def _add(table: Table, spec: TableSpec, rows: Mapping[uuid.UUID, Sequence[VectorRow]]) -> None:
    import pyarrow as pa

    if any(rows.values()):
        table.add(pa.concat_tables([_arrow_rows(spec, version, own) for version, own in rows.items() if own]))


def _arrow_rows(spec: TableSpec, version_id: uuid.UUID, rows: Sequence[VectorRow]) -> pa.Table:
    import pyarrow as pa

    vectors = np.concatenate([row.vector for row in rows]).astype(np.float32)
    return pa.table(
        [
            [str(row.chunk_id) for row in rows],
            [str(version_id)] * len(rows),
            [str(row.knowledge_base_id) for row in rows],
            [row.terms_key for row in rows],
            [row.terms for row in rows],
            pa.FixedSizeListArray.from_arrays(pa.array(vectors), spec.dimension),
        ],
        schema=arrow_schema(spec),
    )


def _ids(table: Table, condition: str) -> list[uuid.UUID]:
    found = table.search().where(condition).select(["chunk_id"]).limit(table.count_rows() or 1).to_arrow()
    return [uuid.UUID(value) for value in found["chunk_id"].to_pylist()]


def _stored_rows(table: Table, condition: str | None = None) -> Iterator[StoredRow]:
    query = table.search().where(condition) if condition else table.search()
    scan = query.select([*_KEY_COLUMNS, "vector"]).limit(table.count_rows() or 1)
    for batch in scan.to_batches(_SCAN_BATCH_ROWS):
        vectors = batch["vector"].flatten().to_numpy(zero_copy_only=False).reshape(batch.num_rows, -1)
        columns = (batch[name].to_pylist() for name in _KEY_COLUMNS)
        for chunk, version, base, key, vector in zip(*columns, vectors, strict=True):
            yield StoredRow(uuid.UUID(chunk), uuid.UUID(version), uuid.UUID(base), key, vector_fingerprint(vector))
