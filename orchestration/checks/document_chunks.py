"""Checks of `lance/document_chunks`."""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from orchestration.assets import document_chunks
from orchestration.checks.suites import run_suite
from orchestration.resources.installation import Installation

# One row per passage that can be read; its text stays where it is.
_QUERY = """
select
    chunks.id,
    chunks.ordinal,
    chunks.text_hash,
    chunks.token_count,
    char_length(btrim(chunks.text, E' \\t\\r\\n')) as characters,
    chunks.char_start,
    chunks.char_end,
    coalesce(chunks.page_end >= chunks.page_start, true) as is_page_order_right,
    chunks.organization_id = documents.organization_id as is_own_organization,
    exists (
        select 1
        from embeddings
        inner join index_versions on embeddings.model = index_versions.embedding_model
        where
            embeddings.organization_id = chunks.organization_id
            and embeddings.text_hash = chunks.text_hash
            and index_versions.organization_id = chunks.organization_id
            and index_versions.status = 'live'
    ) as has_live_vector
from chunks
inner join documents on chunks.document_version_id = documents.current_version_id
inner join index_versions as live
    on chunks.organization_id = live.organization_id and chunks.chunking = live.chunker and live.status = 'live'
where documents.tombstoned_at is null
"""

# all-MiniLM reads 256 tokens, two of them its own marks; what is longer would be embedded in part only.
_MOST_TOKENS = 256


def _expectations(expect: Any) -> Sequence[Any]:
    return (
        expect.ExpectColumnValuesToBeUnique(column="id"),
        expect.ExpectColumnValuesToBeBetween(column="ordinal", min_value=0),
        expect.ExpectColumnValuesToMatchRegex(column="text_hash", regex="^[0-9a-f]{64}$"),
        expect.ExpectColumnValuesToBeBetween(column="token_count", min_value=1, max_value=_MOST_TOKENS),
        expect.ExpectColumnValuesToBeBetween(column="characters", min_value=1),
        expect.ExpectColumnValuesToBeBetween(column="char_start", min_value=0),
        expect.ExpectColumnPairValuesAToBeGreaterThanB(column_A="char_end", column_B="char_start"),
        expect.ExpectColumnValuesToBeInSet(column="is_page_order_right", value_set=[True]),
        expect.ExpectColumnValuesToBeInSet(column="is_own_organization", value_set=[True]),
        expect.ExpectColumnValuesToBeInSet(column="has_live_vector", value_set=[True]),
    )


@dg.asset_check(asset=document_chunks.KEY, blocking=True)
def passages_are_whole(installation: Installation) -> dg.AssetCheckResult:
    """Every readable passage has text, a place in its document, a length that the model reads, and a vector."""
    return run_suite(installation.settings, name="document_chunks", query=_QUERY, suite=_expectations)


@dg.asset_check(asset=document_chunks.KEY, blocking=True)
def vector_rows_match_postgres(installation: Installation) -> dg.AssetCheckResult:
    """Every live vector table holds exactly the rows that Postgres says: none missing, extra, twice or changed."""
    from storage.reconciler import verify

    with installation.open() as stores:
        report = verify(stores, heal=False)
    return dg.AssetCheckResult(
        passed=report.is_clean,
        metadata={
            "index_drift_rows": report.index_drift_rows,
            "expected": sum(table.expected for table in report.after),
            "found": sum(table.found for table in report.after),
            "unreadable_tables": sum(table.is_unreadable for table in report.after),
        },
    )
