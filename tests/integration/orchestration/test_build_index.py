"""The job `build_index` on real stores: the asset is a candidate, its checks are its gates."""

import dagster as dg
from sqlalchemy import select

from ingestion.batch import ingest_paths
from orchestration.organizations import find_knowledge_base
from storage.postgres.models.index_version import IndexStatus, IndexVersion
from storage.postgres.session import organization_session
from storage.stores import open_stores
from tests.integration.orchestration.conftest import Place


def run(place: Place, **config: object) -> dg.ExecuteInProcessResult:
    from orchestration.definitions import build_defs

    job = build_defs().resolve_job_def("build_index")
    settings = {"ops": {"lance__index_candidate": {"config": {"organization": str(place.organization_id), **config}}}}
    return job.execute_in_process(run_config=settings, raise_on_error=False)


class TestBuildIndex:
    def test_a_candidate_passes_its_checks_and_a_poisoned_one_fails_the_run(self, place: Place) -> None:
        stores = open_stores(place.settings)
        ingest_paths(
            stores,
            [place.documents],
            organization_id=place.organization_id,
            knowledge_base_id=find_knowledge_base(stores, place.organization_id, "default"),
        )

        good = run(place, chunk_tokens=60)

        assert good.success
        evaluations = {check.check_name: check for check in good.get_asset_check_evaluations()}
        assert set(evaluations) == {
            "row_reconciliation", "freshness", "leak_canaries", "latency", "retrieval_quality",
        }  # fmt: skip
        assert all(check.passed for check in evaluations.values())
        (event,) = good.get_asset_materialization_events()
        metadata = event.step_materialization_data.materialization.metadata
        assert (metadata["number"].value, metadata["documents"].value) == (2, 2)
        assert metadata["fingerprint"].value != "unknown"

        with organization_session(stores.app, place.organization_id) as session:
            index = session.scalars(select(IndexVersion).where(IndexVersion.status == IndexStatus.CANDIDATE)).one()
        stores.vectors.remove_chunks(index.table_name, [stores.vectors.rows(index.table_name)[0].chunk_id])
        bad = run(place)
        stores.close()
        assert not bad.success
        failed = {check.check_name for check in bad.get_asset_check_evaluations() if not check.passed}
        assert failed == {"row_reconciliation"}
