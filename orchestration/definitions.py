"""Everything that Dagster knows: documents, vector rows, evaluation scores, warehouse, reports, in this order; and backups."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from orchestration.assets import (
    answer_quality,
    backups_latest,
    document_chunks,
    documents,
    eval_scores,
    index_candidate,
    restore_drill,
    warehouse,
)
from orchestration.checks import document_chunks as document_chunks_checks
from orchestration.checks import documents as documents_checks
from orchestration.checks import index_candidate as index_candidate_checks
from orchestration.checks import restore_drill as restore_drill_checks
from orchestration.jobs import jobs
from orchestration.manifest import warehouse_manifest
from orchestration.resources.installation import Installation
from orchestration.resources.warehouse import warehouse_dbt
from orchestration.schedules import SCHEDULES
from orchestration.sensors import SENSORS
from storage.settings import storage_settings


def build_defs(resource_overrides: Mapping[str, Any] | None = None) -> dg.Definitions:
    """The definitions.

    Args:
        resource_overrides: Resources to use instead of the product's own: `installation`, `dbt`.
    """
    models = warehouse.warehouse_assets(warehouse_manifest(storage_settings()))
    return dg.Definitions(
        assets=[
            documents.documents,
            document_chunks.document_chunks,
            index_candidate.index_candidate,
            eval_scores.eval_scores,
            models,
            answer_quality.answer_quality,
            backups_latest.backups_latest,
            restore_drill.restore_drill,
        ],
        asset_checks=[
            documents_checks.readable_documents_are_whole,
            document_chunks_checks.passages_are_whole,
            document_chunks_checks.vector_rows_match_postgres,
            *index_candidate_checks.gate_checks,
            restore_drill_checks.newest_drill_is_good,
        ],
        jobs=jobs(models),
        schedules=SCHEDULES,
        sensors=SENSORS,
        resources={"installation": Installation(), "dbt": warehouse_dbt(), **(resource_overrides or {})},
    )


defs = build_defs()
