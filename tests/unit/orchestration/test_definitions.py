"""A snapshot of what Dagster is told: a name that changes here changes for every operator."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from orchestration.assets import documents
from storage.settings import storage_settings

WAREHOUSE_GROUPS = {"warehouse_staging", "warehouse_intermediate", "warehouse_marts"}


@pytest.fixture(scope="module")
def defs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.Definitions]:
    """The definitions, built with a home of their own; no database runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIXEL_HOME", str(tmp_path_factory.mktemp("home")))
        storage_settings.cache_clear()
        from orchestration.definitions import build_defs

        yield build_defs()
    storage_settings.cache_clear()


class TestBuildDefs:
    def test_assets(self, defs: dg.Definitions) -> None:
        nodes = [n for n in defs.resolve_asset_graph().asset_nodes if n.is_materializable]
        own = {node.key.to_user_string() for node in nodes if node.group_name not in WAREHOUSE_GROUPS}
        assert own == {
            "postgres/documents",
            "lance/document_chunks",
            "lance/index_candidate",
            "postgres/eval_scores",
            "reports/answer_quality",
            "backups/latest",
            "backups/restore_drill",
        }
        marts = {node.key.to_user_string() for node in nodes if node.group_name == "warehouse_marts"}
        assert marts == {
            f"warehouse/{name}"
            for name in (
                "dim_bot_versions", "dim_bots", "dim_document_versions", "dim_documents", "dim_index_versions",
                "dim_organizations", "fct_answer_passages", "fct_answers", "fct_daily_intents", "fct_daily_usage",
                "fct_eval_scores", "fct_feedback", "fct_handovers", "fct_ingestion", "fct_messages",
            )
        }  # fmt: skip

    def test_group_is_the_file_name(self, defs: dg.Definitions) -> None:
        graph = defs.resolve_asset_graph()
        for key in (
            ("postgres", "documents"),
            ("lance", "document_chunks"),
            ("lance", "index_candidate"),
            ("postgres", "eval_scores"),
        ):
            assert graph.get(dg.AssetKey(key)).group_name == key[1]

    def test_stages_follow_each_other(self, defs: dg.Definitions) -> None:
        graph = defs.resolve_asset_graph()

        def parents(*path: str) -> set[str]:
            return {key.to_user_string() for key in graph.get(dg.AssetKey(path)).parent_keys}

        assert parents("lance", "document_chunks") == {"postgres/documents"}
        assert parents("postgres", "eval_scores") == {"lance/document_chunks"}
        assert parents("warehouse", "stg_app__documents") == {"postgres/documents"}
        assert parents("warehouse", "stg_app__index_manifests") == {"lance/document_chunks"}
        assert parents("warehouse", "stg_app__eval_scores") == {"postgres/eval_scores"}
        assert parents("reports", "answer_quality") == {"postgres/eval_scores", "warehouse/fct_eval_scores"}

    def test_our_checks_block(self, defs: dg.Definitions) -> None:
        specs = [spec for checks in defs.asset_checks or [] for spec in checks.check_specs]
        assert {(spec.asset_key.to_user_string(), spec.name, spec.blocking) for spec in specs} == {
            ("postgres/documents", "readable_documents_are_whole", True),
            ("lance/document_chunks", "passages_are_whole", True),
            ("lance/document_chunks", "vector_rows_match_postgres", True),
            *(
                ("lance/index_candidate", gate, True)
                for gate in ("row_reconciliation", "freshness", "leak_canaries", "latency", "retrieval_quality")
            ),
            ("backups/restore_drill", "newest_drill_is_good", True),
        }

    def test_dbt_tests_are_checks(self, defs: dg.Definitions) -> None:
        names = {key.name for key in defs.resolve_asset_graph().asset_check_keys}
        assert {"unique_fct_answers_answer_id", "assert_completed_answers_have_whole_receipts"} <= names

    def test_jobs(self, defs: dg.Definitions) -> None:
        names = {job.name for job in defs.resolve_all_job_defs() if not job.name.startswith("__")}
        assert names == {"ingest_and_evaluate", "ingest", "refresh_warehouse", "build_index", "back_up", "drill"}

    def test_ingest_leaves_the_warehouse_alone(self, defs: dg.Definitions) -> None:
        keys = {key.to_user_string() for key in defs.resolve_job_def("ingest").asset_layer.executable_asset_keys}
        assert keys == {"postgres/documents", "lance/document_chunks"}

    def test_schedule_and_sensors_run_from_the_start(self, defs: dg.Definitions) -> None:
        repository = defs.get_repository_def()
        assert [(s.name, s.cron_schedule, s.execution_timezone) for s in repository.schedule_defs] == [
            ("daily_backup", "0 1 * * *", "UTC"),
            ("nightly", "0 2 * * *", "UTC"),
            ("weekly_drill", "0 5 * * 0", "UTC"),
        ]
        sensors = {s.name: (s.job_name, s.minimum_interval_seconds) for s in repository.sensor_defs}
        assert sensors == {
            "uploads_sensor": ("ingest", 10),
            "watched_folder_sensor": ("ingest", 15),
            "warehouse_sensor": ("refresh_warehouse", 60),
        }
        assert {s.default_status for s in repository.sensor_defs} == {dg.DefaultSensorStatus.RUNNING}

    def test_resources_can_be_replaced(self, defs: dg.Definitions) -> None:
        from orchestration.definitions import build_defs
        from orchestration.resources.installation import Installation

        class Elsewhere(Installation):
            pass

        other = build_defs({"installation": Elsewhere()})
        assert isinstance((other.resources or {})["installation"], Elsewhere)


class TestDocumentsConfig:
    def test_takes_in_nothing_by_default(self) -> None:
        assert documents.DocumentsConfig().paths == []


class TestManifest:
    def test_is_parsed_once(self, defs: dg.Definitions) -> None:
        from orchestration.manifest import warehouse_manifest

        first = warehouse_manifest(storage_settings())
        stamp = first.stat().st_mtime_ns
        assert warehouse_manifest(storage_settings()) == first
        assert first.stat().st_mtime_ns == stamp
        assert [path.name for path in Path(first.parent).iterdir()] == [first.name]
