"""Whether searching is as fast as in the live version, within a factor."""

import statistics
import uuid

import numpy as np

from evals.gates.gate import GateContext
from evals.settings import eval_settings
from evals.tasks.retrieval import run_retrieval
from ingestion.index_builds.gate_record import GateResult
from serving.retrieval.errors import IndexBrokenError

NAME = "latency"
_PROBES = 40
_WARM_UP = 3
_MEASURED = 60
_FEWEST_ROUNDS = 5
# What nobody feels fails nobody: two fast versions differ by chance.
_UNNOTICED_MS = 50.0


async def latency(gate: GateContext) -> GateResult:
    """95th percentile of probe searches, the median of several rounds, may be so many times as long as live."""
    factor = eval_settings().latency_factor
    if gate.live is None or not gate.queries:
        return GateResult(
            name=NAME, passed=True, measured=None, threshold=factor, detail="Latency: nothing to compare with."
        )
    try:
        candidate, live = await _measure(gate, gate.live.id)
    except IndexBrokenError as error:
        return GateResult(name=NAME, passed=False, measured=None, threshold=factor, detail=f"Latency: {error.detail}.")
    ratio = candidate / live if live > 0 else 1.0
    return GateResult(
        name=NAME,
        passed=ratio <= factor or candidate <= _UNNOTICED_MS,
        measured=round(ratio, 3),
        threshold=factor,
        detail=f"Latency: {candidate:.0f} ms at the 95th percentile, {live:.0f} ms live; "
        f"{factor:g} times as long, or {_UNNOTICED_MS:.0f} ms, is allowed.",
    )


async def _measure(gate: GateContext, live_id: uuid.UUID) -> tuple[float, float]:
    probes = list(gate.queries[:_PROBES])
    taken: dict[uuid.UUID, list[float]] = {gate.index.id: [], live_id: []}
    for index_id in taken:
        await run_retrieval(gate.serving, gate.index.organization_id, probes[:_WARM_UP], index_version_id=index_id)
    # In turns, so that what else the machine does falls on both; a round that it disturbed decides nothing alone.
    for _ in range(max(_FEWEST_ROUNDS, _MEASURED // len(probes))):
        for index_id, rounds in taken.items():
            found = await run_retrieval(gate.serving, gate.index.organization_id, probes, index_version_id=index_id)
            rounds.append(float(np.percentile([ranked.total_ms for ranked in found], 95)))
    return statistics.median(taken[gate.index.id]), statistics.median(taken[live_id])
