"""Whether the candidate finds what the live version finds: both asked the same, compared query by query."""

from evals.gates.gate import GateContext
from evals.metrics.paired import paired_difference
from evals.tasks.retrieval import DEPTH, run_retrieval
from ingestion.index_builds.gate_record import GateResult
from serving.retrieval.errors import IndexBrokenError

NAME = "retrieval_quality"


async def retrieval_quality(gate: GateContext) -> GateResult:
    """The difference in nDCG@10; refused when its whole interval is below 0, so that chance does not explain it.

    Judged queries are asked where there are any, known items elsewhere.
    """
    if gate.live is None or not gate.queries:
        detail = "Quality: there is nothing to compare with."
        return GateResult(name=NAME, passed=True, measured=None, threshold=0.0, detail=detail)
    organization_id = gate.index.organization_id
    try:
        candidate = await run_retrieval(gate.serving, organization_id, gate.queries, index_version_id=gate.index.id)
        live = await run_retrieval(gate.serving, organization_id, gate.queries, index_version_id=gate.live.id)
    except IndexBrokenError as error:
        return GateResult(name=NAME, passed=False, measured=None, threshold=0.0, detail=f"Quality: {error.detail}.")
    found = paired_difference([one.ndcg for one in candidate], [one.ndcg for one in live])
    asked = "judged queries" if gate.is_judged else "sentences that must find their document"
    mean = sum(one.ndcg for one in candidate) / len(candidate)
    return GateResult(
        name=NAME,
        passed=not found.is_worse,
        measured=round(found.difference or 0.0, 4),
        threshold=0.0,
        detail=f"Quality: nDCG@{DEPTH} {mean:.3f}, {found.difference or 0.0:+.3f} against the live version "
        f"[{found.low:+.3f}, {found.high:+.3f}] on {found.count} {asked}.",
    )
