"""Whether every current document version is in the index."""

from anyio import to_thread

from evals.gates.gate import GateContext
from ingestion.index_builds.contents import gone_versions, missing_versions
from ingestion.index_builds.gate_record import GateResult
from storage.postgres.session import organization_session

NAME = "freshness"
_NAMED = 3


async def freshness(gate: GateContext) -> GateResult:
    """No current version may be missing, and none that is gone may be left."""

    def look() -> tuple[list[str], int]:
        with organization_session(gate.serving.stores.app, gate.index.organization_id) as session:
            missing = missing_versions(session, gate.index)
            return [version.name for version in missing], len(gone_versions(session, gate.index))

    missing, gone = await to_thread.run_sync(look)
    named = ", ".join(missing[:_NAMED]) + (" …" if len(missing) > _NAMED else "")
    parts = [f"{len(missing)} current documents are not in it ({named})"] if missing else []
    parts += [f"{gone} that are gone still are"] if gone else []
    return GateResult(
        name=NAME,
        passed=not parts,
        measured=float(len(missing) + gone),
        threshold=0.0,
        detail=f"Documents: {'; '.join(parts) or 'every current one is in it'}.",
    )
