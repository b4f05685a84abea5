"""Whether every current document version is in the index."""

from anyio import to_thread

from evals.gates.gate import GateContext
from ingestion.index_builds.contents import gone_versions, missing_versions
from ingestion.index_builds.gate_record import GateResult
from storage.postgres.session import organization_session
from storage.postgres.visibility import reading_as

NAME = "freshness"
_NAMED = 3


async def freshness(gate: GateContext) -> GateResult:
    """No current version may be missing, and none that is gone may be left."""

    def look() -> tuple[int, int, list[str]]:
        app, organization_id = gate.serving.stores.app, gate.index.organization_id
        with organization_session(app, organization_id) as session:
            missing = len(missing_versions(session, gate.index))
            gone = len(gone_versions(session, gate.index))
        # Whoever reads the record need not be in any group: only documents that are open to everybody are named.
        with reading_as(()), organization_session(app, organization_id) as session:
            return missing, gone, [version.name for version in missing_versions(session, gate.index, limit=_NAMED)]

    missing, gone, open_names = await to_thread.run_sync(look)
    named = f" ({', '.join(open_names)}{' …' if missing > len(open_names) else ''})" if open_names else ""
    parts = [f"{missing} current documents are not in it{named}"] if missing else []
    parts += [f"{gone} that are gone still are"] if gone else []
    return GateResult(
        name=NAME,
        passed=not parts,
        measured=float(missing + gone),
        threshold=0.0,
        detail=f"Documents: {'; '.join(parts) or 'every current one is in it'}.",
    )
