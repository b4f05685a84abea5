"""Checks of `postgres/documents`."""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from orchestration.assets import documents
from orchestration.checks.suites import run_suite
from orchestration.resources.installation import Installation

# One row per document that can be read.
_QUERY = """
select
    documents.id,
    documents.name,
    documents.source_uri,
    versions.state,
    versions.content_hash,
    versions.byte_size,
    versions.expected_count,
    coalesce(chunks.passages, 0) as passages,
    versions.document_id = documents.id as is_own_version
from documents
inner join document_versions as versions on documents.current_version_id = versions.id
left join (
    select
        document_version_id,
        chunking,
        count(*) as passages
    from chunks
    group by document_version_id, chunking
) as chunks on versions.id = chunks.document_version_id and versions.chunking = chunks.chunking
where documents.tombstoned_at is null
"""


def _expectations(expect: Any) -> Sequence[Any]:
    return (
        expect.ExpectColumnValuesToBeUnique(column="id"),
        expect.ExpectColumnValuesToNotBeNull(column="name"),
        expect.ExpectColumnValuesToNotBeNull(column="source_uri"),
        expect.ExpectColumnValuesToBeInSet(column="state", value_set=["ready"]),
        expect.ExpectColumnValuesToBeInSet(column="is_own_version", value_set=[True]),
        expect.ExpectColumnValuesToMatchRegex(column="content_hash", regex="^[0-9a-f]{64}$"),
        expect.ExpectColumnValuesToBeBetween(column="byte_size", min_value=1),
        expect.ExpectColumnValuesToBeBetween(column="passages", min_value=1),
        expect.ExpectColumnPairValuesToBeEqual(column_A="expected_count", column_B="passages"),
    )


@dg.asset_check(asset=documents.KEY, blocking=True)
def readable_documents_are_whole(installation: Installation) -> dg.AssetCheckResult:
    """Every readable document has a name, a source, a ready version of its own and all the passages it should have."""
    return run_suite(installation.settings, name="documents", query=_QUERY, suite=_expectations)
