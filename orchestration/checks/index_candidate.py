"""Checks of `lance/index_candidate`: one for each gate. All candidates are looked at; each keeps its own record."""

import dagster as dg
from sqlalchemy import select

from ingestion.index_builds.gate_record import GATES, GateRecord, contents_now, kept_record
from orchestration.assets import index_candidate
from orchestration.resources.installation import Installation
from storage.postgres.models.index_version import IndexStatus, IndexVersion
from storage.postgres.session import owner_session
from storage.stores import Stores


def _check(gate: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=index_candidate.KEY,
        name=gate,
        blocking=True,
        description=f"Every candidate passes the gate {gate} on what it holds now.",
    )
    def check(installation: Installation) -> dg.AssetCheckResult:
        with installation.open() as stores:
            records = {index.number: _record(stores, index) for index in _candidates(stores)}
        found = {number: next(r for r in record.results if r.name == gate) for number, record in records.items()}
        return dg.AssetCheckResult(
            passed=all(result.passed for result in found.values()),
            description="; ".join(f"{number}: {result.detail}" for number, result in found.items())[:2000] or None,
            metadata={f"version_{number}": result.measured or 0.0 for number, result in found.items()},
        )

    return check


def _candidates(stores: Stores) -> list[IndexVersion]:
    with owner_session(stores.owner) as session:
        statement = select(IndexVersion).where(IndexVersion.status == IndexStatus.CANDIDATE)
        return list(session.scalars(statement.order_by(IndexVersion.organization_id, IndexVersion.number)))


def _record(stores: Stores, index: IndexVersion) -> GateRecord:
    """What the gates said of a candidate as it is now; the first check of a run lets them look, the others read it."""
    from evals.gates.run import run_gates

    record = kept_record(index)
    now = contents_now(stores, index)
    if record is not None and (record.mark, record.lance_version) == (now.mark, now.lance_version):
        return record
    return run_gates(stores.settings, index.organization_id, index.id)


gate_checks = [_check(gate) for gate in GATES]
