"""Full-text search of a vector table: BM25 over the terms that the product's own analyzer made."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from storage.errors import StorageError
from storage.records.vector import Candidate

if TYPE_CHECKING:
    from lancedb.table import Table

COLUMN = "terms"
PART_WEIGHT = 0.3  # of a match in a part of a compound word, against one of a whole word
_LONGEST_TERM = 80
_UNINDEXED_ROWS = 2_000  # rows that a search reads one by one; from here on they are added to the index
MOST_IDS_IN_FILTER = 2_000


def create_text_index(table: Table) -> None:
    """Make the index. Terms come ready, so Lance only splits them at spaces."""
    from lancedb.index import FTS

    terms = FTS(
        base_tokenizer="whitespace",
        lower_case=False,
        stem=False,
        remove_stop_words=False,
        ascii_folding=False,
        with_position=False,
        max_token_length=_LONGEST_TERM,
    )
    table.create_index(COLUMN, config=terms, replace=True)


def is_behind(table: Table) -> bool:
    """Whether so many rows are not in the index yet that a search notices."""
    indexes = [index.name for index in table.list_indices() if index.columns == [COLUMN]]
    if not indexes:
        return True
    statistics = table.index_stats(indexes[0])
    return statistics is None or statistics.num_unindexed_rows > _UNINDEXED_ROWS


def search_terms(
    table: Table,
    whole: Sequence[str],
    parts: Sequence[str],
    *,
    limit: int,
    knowledge_base_ids: Collection[uuid.UUID] | None,
    document_version_ids: Collection[uuid.UUID] | None,
) -> list[Candidate]:
    """Rows that have any of the terms, by BM25, best first; equal scores in order of chunk id."""
    conditions = [
        any_of(column, wanted)
        for column, wanted in (
            ("knowledge_base_id", knowledge_base_ids),
            ("document_version_id", document_version_ids),
        )
        if wanted is not None
    ]
    scores: dict[uuid.UUID, float] = {}
    for terms, weight in ((whole, 1.0), (parts, PART_WEIGHT)):
        if terms:
            for chunk_id, score in _matches(table, terms, limit, " AND ".join(conditions)):
                scores[chunk_id] = scores.get(chunk_id, 0.0) + weight * score
    ordered = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    return [Candidate(chunk_id, score) for chunk_id, score in ordered[:limit]]


def any_of(column: str, values: Collection[uuid.UUID]) -> str:
    """A filter made of UUID objects only: nothing that a person typed can reach the filter language.

    Raises:
        StorageError: A value is no UUID object.
    """
    check_ids(values)
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


def check_ids(values: Collection[uuid.UUID]) -> None:
    """Raise StorageError unless all are UUID objects."""
    for value in values:
        if not isinstance(value, uuid.UUID):
            raise StorageError(f"Filters take UUIDs only, not {type(value).__name__}.")


def _matches(table: Table, terms: Sequence[str], limit: int, condition: str) -> list[tuple[uuid.UUID, float]]:
    from lancedb import query as lance

    match: Any = lance.MatchQuery  # its annotations take the defaults for missing
    query = table.search(match(" ".join(terms), COLUMN), query_type="fts")
    if condition:
        query = query.where(condition, prefilter=True)
    found = query.select(["chunk_id", "_score"]).limit(limit).to_arrow()
    best: dict[uuid.UUID, float] = {}
    for value, score in zip(found["chunk_id"].to_pylist(), found["_score"].to_pylist(), strict=True):
        chunk_id = uuid.UUID(value)
        best[chunk_id] = max(score, best.get(chunk_id, 0.0))  # a damaged table can hold a row twice
    return list(best.items())
