"""A vector table in memory: what makes a search take a millisecond instead of a read of the whole table.

An image is never changed: a newer one shares the segments of the one before, adds one for the rows that came and passes over
rows that went, so searches need no lock.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from storage.lance.schema import identity_of
from storage.records.vector import Candidate, Vector

if TYPE_CHECKING:
    import pyarrow as pa
    from lancedb.table import Table

EXACT_ROWS = 20_000  # up to here scanning everything takes less than a millisecond
RECALL_WANTED = 0.99
_RECALL_AT = 20
_RECALL_PROBES = 64
_TRAINING_ROWS_PER_LIST = 64
_MOST_SEGMENTS = 16
_LARGEST_SHARE = 0.25  # of rows that came or went since, from which on a new image pays
_SMALL = 2_000
_UNIT_TOLERANCE = 1e-3
BYTES_PER_ROW = 64  # beside the vector
_MOST_MASKS = 64
_COLUMNS = ("chunk_id", "document_version_id", "knowledge_base_id", "vector")
_BLOCK_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows as read: ids in 16 bytes each, where Lance has them, vectors as float16[n, dimension], as Postgres keeps them."""

    addresses: NDArray[np.uint64]
    chunk_ids: NDArray[np.uint8]
    version_ids: NDArray[np.uint8]
    knowledge_base_ids: NDArray[np.uint8]
    vectors: NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class _Segment:
    """A FAISS index over the image's rows from `start` on. `probes` of its `lists` are looked at; 0 lists: all rows are."""

    index: Any
    start: int
    count: int
    lists: int = 0
    probes: int = 0


@dataclass(frozen=True)
class TableImage:
    """The rows of a vector table at one Lance version. `fragments` are Lance's files, with the deleted rows of each.

    `schema` has the table's identity, which tells it from one that was made later under the same name.
    """

    schema: pa.Schema
    lance_version: int
    fragments: Mapping[int, int]
    dimension: int
    addresses: NDArray[np.uint64]
    chunk_ids: NDArray[np.uint8]
    version_ids: NDArray[np.uint8]
    knowledge_base_ids: NDArray[np.uint8]
    is_live: NDArray[np.bool_]
    segments: tuple[_Segment, ...]
    were_files_merged: bool = False
    masks: dict[frozenset[uuid.UUID], NDArray[np.bool_]] = field(default_factory=dict, compare=False)

    def is_of(self, table: Table) -> bool:
        """Whether the table is the one that was read, however it has changed since."""
        return identity_of(self.schema) == identity_of(table.schema)

    @property
    def rows(self) -> int:
        """Rows held, deleted ones included."""
        return len(self.chunk_ids)

    @property
    def byte_size(self) -> int:
        """Memory that the image takes, about."""
        return self.rows * (2 * self.dimension + BYTES_PER_ROW)

    @property
    def is_worn(self) -> bool:
        """Whether it should be made anew: too many rows went, or came after it was made, or Lance moved them."""
        tail = self.rows - (self.segments[0].count if self.segments else 0)
        dead = self.rows - int(np.count_nonzero(self.is_live))
        return self.were_files_merged or (
            self.rows > 0
            and (
                tail > max(_SMALL, _LARGEST_SHARE * self.rows)
                or dead > max(_SMALL, _LARGEST_SHARE * self.rows)
                or len(self.segments) > _MOST_SEGMENTS
            )
        )

    def search(
        self,
        vector: Vector,
        *,
        limit: int,
        knowledge_base_ids: Collection[uuid.UUID] | None = None,
        document_version_ids: Collection[uuid.UUID] | None = None,
    ) -> list[Candidate]:
        """The nearest rows by inner product, best first; equal scores in order of chunk id.

        Args:
            vector: Query, float32[dimension], L2-normalized.
            limit: How many rows at most.
            knowledge_base_ids: Only rows of these; None for all.
            document_version_ids: Only rows of these; None for all.
        """
        allowed = self._allowed(knowledge_base_ids, document_version_ids)
        share = 1.0 if allowed is None else float(allowed.mean()) if len(allowed) else 0.0
        if share == 0.0:
            return []
        hits: list[Candidate] = []
        query = np.ascontiguousarray(vector.reshape(1, -1), dtype=np.float32)
        for segment in self.segments:
            scores, positions = _search_segment(segment, query, limit, allowed, share)
            hits += [
                Candidate(uuid.UUID(bytes=self.chunk_ids[segment.start + at].tobytes()), float(score))
                for score, at in zip(scores, positions, strict=True)
                if at >= 0
            ]
        return sorted(hits, key=lambda hit: (-hit.score, hit.chunk_id))[:limit]

    def _allowed(
        self, knowledge_base_ids: Collection[uuid.UUID] | None, document_version_ids: Collection[uuid.UUID] | None
    ) -> NDArray[np.bool_] | None:
        found = self._of_bases(None if knowledge_base_ids is None else frozenset(knowledge_base_ids))
        if document_version_ids is not None:
            found = found & _one_of(self.version_ids, document_version_ids)
        return None if found.all() else found

    def _of_bases(self, wanted: frozenset[uuid.UUID] | None) -> NDArray[np.bool_]:
        """Live rows of these knowledge bases: the same few sets are asked for again and again."""
        if wanted is None:
            return self.is_live
        known = self.masks.get(wanted)
        if known is None:
            if len(self.masks) >= _MOST_MASKS:
                self.masks.clear()
            known = self.masks[wanted] = self.is_live & _one_of(self.knowledge_base_ids, wanted)
        return known


def load_image(table: Table) -> TableImage:
    """The image of a table as it is now."""
    dataset = table.to_lance()
    fragments = dataset.get_fragments()
    rows = _read(dataset, fragments)
    return TableImage(
        schema=table.schema,
        lance_version=dataset.version,
        fragments=_deletions(fragments),
        dimension=rows.vectors.shape[1],
        addresses=rows.addresses,
        chunk_ids=rows.chunk_ids,
        version_ids=rows.version_ids,
        knowledge_base_ids=rows.knowledge_base_ids,
        is_live=np.ones(len(rows.chunk_ids), np.bool_),
        segments=(_segment(rows.vectors, 0),) if len(rows.vectors) else (),
    )


def advance_image(image: TableImage, table: Table) -> TableImage:
    """The image of a newer version of the table: only files that came since are read, and what went from the others.

    Where Lance merged files, rows have moved: the image stays right but for later deletions, and counts as worn.
    """
    dataset = table.to_lance()
    fragments = dataset.get_fragments()
    deletions = _deletions(fragments)
    rows = _read(dataset, [fragment for fragment in fragments if fragment.fragment_id not in image.fragments])
    were_merged = image.were_files_merged or not image.fragments.keys() <= deletions.keys()
    is_new = ~_known(image, rows) if were_merged else np.ones(len(rows.chunk_ids), np.bool_)
    came = int(np.count_nonzero(is_new))
    shrunk = [
        fragment for fragment in fragments
        if image.fragments.get(fragment.fragment_id, fragment.num_deletions) != fragment.num_deletions
    ]  # fmt: skip
    is_live = image.is_live if were_merged else _still_live(image, dataset, shrunk)
    return TableImage(
        schema=image.schema,
        lance_version=dataset.version,
        fragments=deletions,
        dimension=image.dimension,
        addresses=np.concatenate([image.addresses, rows.addresses[is_new]]),
        chunk_ids=np.concatenate([image.chunk_ids, rows.chunk_ids[is_new]]),
        version_ids=np.concatenate([image.version_ids, rows.version_ids[is_new]]),
        knowledge_base_ids=np.concatenate([image.knowledge_base_ids, rows.knowledge_base_ids[is_new]]),
        is_live=np.concatenate([is_live, np.ones(came, np.bool_)]),
        segments=image.segments + ((_segment(rows.vectors[is_new], image.rows),) if came else ()),
        were_files_merged=were_merged,
    )


def _deletions(fragments: Sequence[Any]) -> dict[int, int]:
    return {fragment.fragment_id: fragment.num_deletions for fragment in fragments}


def _still_live(image: TableImage, dataset: Any, shrunk: Sequence[Any]) -> NDArray[np.bool_]:
    """Which rows of the image are still there, after rows of these files were deleted. Reads no column."""
    if not shrunk:
        return image.is_live
    left = dataset.scanner(columns=[], with_row_address=True, fragments=list(shrunk)).to_table()["_rowaddr"].to_numpy()
    concerned = np.isin(image.addresses >> np.uint64(32), np.array([f.fragment_id for f in shrunk], np.uint64))
    return image.is_live & (~concerned | np.isin(image.addresses, left))


def _read(dataset: Any, fragments: Sequence[Any]) -> _Rows:
    ids: dict[str, list[NDArray[np.uint8]]] = {name: [] for name in _COLUMNS[:3]}
    addresses: list[NDArray[np.uint64]] = []
    dimension = dataset.schema.field("vector").type.list_size
    vectors: list[NDArray[np.float16]] = []
    if fragments:
        scanner = dataset.scanner(columns=list(_COLUMNS), with_row_address=True, fragments=list(fragments))
        for batch in scanner.to_batches():
            addresses.append(batch["_rowaddr"].to_numpy())
            for name, read in ids.items():
                read.append(_uuid_bytes(batch[name].to_pylist()))
            flat = batch["vector"].flatten().to_numpy(zero_copy_only=False)
            block = flat.reshape(batch.num_rows, dimension)
            lengths = np.linalg.norm(block, axis=1, keepdims=True)
            if np.any(np.abs(lengths - 1) > _UNIT_TOLERANCE):  # unit vectors stay what Postgres keeps, to the bit
                block = block / np.maximum(lengths, 1e-9)
            vectors.append(block.astype(np.float16))
    chunks, versions, bases = (np.concatenate(read) if read else np.empty((0, 16), np.uint8) for read in ids.values())
    places = np.concatenate(addresses) if addresses else np.empty(0, np.uint64)
    return _Rows(
        places, chunks, versions, bases, np.concatenate(vectors) if vectors else np.empty((0, dimension), np.float16)
    )


def _uuid_bytes(values: Sequence[str]) -> NDArray[np.uint8]:
    return np.frombuffer(bytes.fromhex("".join(values).replace("-", "")), dtype=np.uint8).reshape(-1, 16)


def _known(image: TableImage, rows: _Rows) -> NDArray[np.bool_]:
    """Which rows the image has already, in the same knowledge base: files were merged, and nothing new is in them."""
    held = _mixed(image.chunk_ids) + _mixed(image.knowledge_base_ids)
    return np.isin(_mixed(rows.chunk_ids) + _mixed(rows.knowledge_base_ids), held)


def _one_of(column: NDArray[np.uint8], wanted: Collection[uuid.UUID]) -> NDArray[np.bool_]:
    ids = _uuid_bytes([str(value) for value in wanted]) if wanted else np.empty((0, 16), np.uint8)
    # One number for an id: two ids may share it once in ten thousand million million; the read gate has the last word.
    return np.isin(_mixed(column), _mixed(ids))


def _mixed(column: NDArray[np.uint8]) -> NDArray[np.uint64]:
    high, low = np.ascontiguousarray(column).view(np.uint64).reshape(-1, 2).T
    return high ^ (low * np.uint64(0x9E3779B97F4A7C15))


def _segment(vectors: NDArray[np.float16], start: int) -> _Segment:
    faiss = _faiss()
    faiss.omp_set_num_threads(1)  # searches run side by side; one thread each serves more of them
    count, dimension = vectors.shape
    kind, metric = faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
    if count <= EXACT_ROWS:
        exact = faiss.IndexScalarQuantizer(dimension, kind, metric)
        _fill(exact, vectors)
        return _Segment(exact, start, count)
    lists = round(math.sqrt(count))
    centres = faiss.IndexFlatIP(dimension)
    index = faiss.IndexIVFScalarQuantizer(centres, dimension, lists, kind, metric, False)
    generator = np.random.default_rng(0)
    sample = generator.choice(count, min(count, lists * _TRAINING_ROWS_PER_LIST), replace=False)
    index.cp.seed = 0
    index.train(vectors[np.sort(sample)].astype(np.float32))
    _fill(index, vectors)
    return _Segment(index, start, count, lists, _probes(index, lists, vectors, generator))


def _fill(index: Any, vectors: NDArray[np.float16]) -> None:
    for at in range(0, len(vectors), _BLOCK_ROWS):
        index.add(vectors[at : at + _BLOCK_ROWS].astype(np.float32))


def _probes(index: Any, lists: int, vectors: NDArray[np.float16], generator: np.random.Generator) -> int:
    """How many lists to look at, measured: questions lie farther from passages than passages from each other.

    A probe is therefore the middle of two passages, as far from both as a question is from what answers it.
    """
    faiss = _faiss()
    pairs = generator.choice(len(vectors), (2, _RECALL_PROBES))
    probes = vectors[pairs[0]].astype(np.float32) + vectors[pairs[1]].astype(np.float32)
    probes /= np.maximum(np.linalg.norm(probes, axis=1, keepdims=True), 1e-9)
    _, exact = index.search(probes, _RECALL_AT, params=faiss.SearchParametersIVF(nprobe=lists))
    wanted = max(4, lists // 64)
    while wanted < lists:
        _, found = index.search(probes, _RECALL_AT, params=faiss.SearchParametersIVF(nprobe=wanted))
        shared = [len(set(a) & set(b)) for a, b in zip(exact.tolist(), found.tolist(), strict=True)]
        if sum(shared) >= RECALL_WANTED * _RECALL_AT * _RECALL_PROBES:
            return wanted
        wanted = math.ceil(wanted * 1.3)
    return lists


def _search_segment(
    segment: _Segment, query: NDArray[np.float32], limit: int, allowed: NDArray[np.bool_] | None, share: float
) -> tuple[list[float], list[int]]:
    faiss = _faiss()
    selector = None
    if allowed is not None:
        mine = np.packbits(allowed[segment.start : segment.start + segment.count], bitorder="little")
        # FAISS keeps a pointer into the array: it must live as long as the search.
        selector = faiss.IDSelectorBitmap(len(mine), faiss.swig_ptr(mine))
    if segment.lists:
        # Fewer rows that count lie farther apart: look at more lists.
        probes = min(segment.lists, math.ceil(segment.probes / share))
        parameters = faiss.SearchParametersIVF(sel=selector, nprobe=probes)
    else:
        parameters = faiss.SearchParameters(sel=selector)
    scores, positions = segment.index.search(query, min(limit, segment.count), params=parameters)
    return scores[0].tolist(), positions[0].tolist()


def _faiss() -> Any:
    """FAISS, loaded when it is needed; its annotations know none of the keywords that its constructors take."""
    import faiss

    return faiss
