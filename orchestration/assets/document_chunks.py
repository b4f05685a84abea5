"""Document chunks: the vector rows of every live index version, healed from Postgres where they differ."""

import dagster as dg

from orchestration.assets import documents
from orchestration.resources.installation import Installation

KEY = dg.AssetKey(["lance", "document_chunks"])


@dg.asset(key=KEY, group_name="document_chunks", deps=[documents.KEY], kinds={"lancedb"})
def document_chunks(installation: Installation) -> dg.MaterializeResult[None]:
    """One row per passage of a readable document version: chunk id and vector."""
    from storage.reconciler import verify

    with installation.open() as stores:
        report = verify(stores, heal=True)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": sum(table.expected for table in report.after),
            "tables": len(report.after),
            "drift_before": report.drift_before,
            "index_drift_rows": report.index_drift_rows,
        }
    )
