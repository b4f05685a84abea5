"""Removes rows from a vector table to the last byte: deleting alone leaves them in the files and in older versions."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from storage.errors import IndexUnavailableError
from storage.lance.store import VectorStore
from storage.lance.text_index import COLUMN


@dataclass(frozen=True, slots=True)
class Erased:
    """What became of a table."""

    rows: int
    is_dropped: bool


def erase_versions(vectors: VectorStore, uri: str, table_name: str, version_ids: Sequence[uuid.UUID]) -> Erased:
    """Delete rows of document versions, and write the table anew without them and without a past.

    The caller holds the table's writer lock, so files that no version names are left over from a killed writer and go,
    too. An index keeps what it was built from: that of full-text search is built anew, and searches go on meanwhile.
    A table with any other index is dropped, for the caller to fill again from Postgres.

    Args:
        vectors: The vector store.
        uri: Its LanceDB URI.
        table_name: The table; a missing one holds nothing.
        version_ids: Whose rows.

    Returns:
        How many rows were deleted, none when an earlier run did that already; and whether the table was dropped.

    Raises:
        IndexUnavailableError: The table is unreadable. It is a cache: drop it and fill it again.
    """
    if not vectors.is_listed(table_name):
        return Erased(0, is_dropped=False)
    removed = sum(vectors.remove_version(table_name, version_id) for version_id in version_ids)
    if _has_other_index(uri, table_name):
        vectors.drop(table_name)
        return Erased(removed, is_dropped=True)
    _compact(uri, table_name)
    vectors.rebuild_text_index(table_name)
    _forget_past(uri, table_name)
    vectors.finish(table_name)
    return Erased(removed, is_dropped=False)


def _has_other_index(uri: str, table_name: str) -> bool:
    import lance  # heavy

    try:
        indices = lance.dataset(_path(uri, table_name)).describe_indices()
        return any(index.field_names != [COLUMN] for index in indices)
    except (ValueError, OSError) as error:
        raise IndexUnavailableError(
            f"Vector table `{table_name}` is unreadable ({type(error).__name__}). `pixel verify` rebuilds it."
        ) from error


def _compact(uri: str, table_name: str) -> None:
    import lance

    dataset = lance.dataset(_path(uri, table_name))
    dataset.optimize.compact_files(materialize_deletions=True, materialize_deletions_threshold=0.0)


def _forget_past(uri: str, table_name: str) -> None:
    import lance

    dataset = lance.dataset(_path(uri, table_name))
    dataset.cleanup_old_versions(older_than=timedelta(0), delete_unverified=True, error_if_tagged_old_versions=False)
    # Tags would keep older versions; ours are never tagged, so whatever is left was written by somebody else.
    left = len(dataset.versions()) - 1 + sum(fragment.num_deletions for fragment in dataset.get_fragments())
    if left:
        raise IndexUnavailableError(
            f"Vector table `{table_name}` keeps {left} older versions or deleted rows after it was rewritten: "
            "something else writes to it or tagged a version. Run the erasure again once that has ended."
        )


def _path(uri: str, table_name: str) -> str:
    return f"{uri.rstrip('/')}/{table_name}.lance"
