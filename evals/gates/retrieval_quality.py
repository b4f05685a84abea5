"""Whether the candidate finds what the live version finds: both asked the same, compared query by query."""

from evals.gates.gate import GateContext
from evals.metrics.paired import PairedDifference, paired_difference
from evals.tasks.retrieval import DEPTH, run_retrieval
from ingestion.index_builds.gate_record import GateResult
from serving.retrieval.errors import IndexBrokenError
from serving.retrieval.settings import Mode

NAME = "retrieval_quality"
_MODES: tuple[Mode, ...] = ("hybrid", "vector")
_TOLD = {"hybrid": "as asked", "vector": "by vectors alone"}


async def retrieval_quality(gate: GateContext) -> GateResult:
    """The difference in nDCG@10; refused when its whole interval is below 0, so that chance does not explain it.

    Judged queries are asked where there are any, known items elsewhere. They are asked twice: as people ask, and by vectors
    alone, because full-text search finds so much that it would hide a model which understands nothing.
    """
    if gate.live is None or not gate.queries:
        detail = "Quality: there is nothing to compare with."
        return GateResult(name=NAME, passed=True, measured=None, threshold=0.0, detail=detail)
    found: dict[Mode, PairedDifference] = {}
    try:
        for mode in _MODES:
            candidate, live = [
                await run_retrieval(
                    gate.serving, gate.index.organization_id, gate.queries, index_version_id=one.id, mode=mode
                )
                for one in (gate.index, gate.live)
            ]
            found[mode] = paired_difference([one.ndcg for one in candidate], [one.ndcg for one in live])
    except IndexBrokenError as error:
        return GateResult(name=NAME, passed=False, measured=None, threshold=0.0, detail=f"Quality: {error.detail}.")
    worst = min(found.values(), key=lambda one: one.difference or 0.0)
    asked = "judged queries" if gate.is_judged else "sentences that must find their document"
    told = ", ".join(
        f"{one.difference or 0.0:+.3f} [{one.low:+.3f}, {one.high:+.3f}] {_TOLD[mode]}" for mode, one in found.items()
    )
    return GateResult(
        name=NAME,
        passed=not any(one.is_worse for one in found.values()),
        measured=round(worst.difference or 0.0, 4),
        threshold=0.0,
        detail=f"Quality: nDCG@{DEPTH} against the live version {told}, on {worst.count} {asked}.",
    )
