"""Whether the table holds the rows that Postgres says: none dropped, foreign, twice there or with another vector."""

from anyio import to_thread

from evals.gates.gate import GateContext
from ingestion.index_builds.gate_record import GateResult
from ingestion.index_builds.integrity import check_rows

NAME = "row_reconciliation"


async def row_reconciliation(gate: GateContext) -> GateResult:
    """Counts, ids, document versions, knowledge bases and fingerprints of vectors must agree; no row may be wrong."""
    rows = await to_thread.run_sync(check_rows, gate.serving.stores, gate.index)
    return GateResult(
        name=NAME,
        passed=rows.is_whole,
        measured=float(rows.wrong_rows),
        threshold=0.0,
        detail=f"Rows: {rows.describe()}.",
    )
