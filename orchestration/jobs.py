"""Jobs: which assets are made together. All steps of one share a process: a new one would load the model again."""

from typing import TYPE_CHECKING

import dagster as dg

from orchestration.assets import (
    answer_quality,
    backups_latest,
    document_chunks,
    documents,
    eval_scores,
    index_candidate,
    restore_drill,
)

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

INGEST_AND_EVALUATE = "ingest_and_evaluate"
INGEST = "ingest"
REFRESH_WAREHOUSE = "refresh_warehouse"
BUILD_INDEX = "build_index"
BACK_UP = "back_up"
DRILL = "drill"


def jobs(warehouse: dg.AssetsDefinition) -> list["UnresolvedAssetJobDefinition"]:
    """The jobs, given the assets of the warehouse."""
    warehouse_keys = dg.AssetSelection.assets(warehouse)
    ingested = dg.AssetSelection.assets(documents.KEY, document_chunks.KEY)
    return [
        dg.define_asset_job(
            INGEST_AND_EVALUATE,
            ingested | dg.AssetSelection.assets(eval_scores.KEY, answer_quality.KEY) | warehouse_keys,
            description="Take documents in, check them, evaluate answers, build the warehouse, report.",
            executor_def=dg.in_process_executor,
        ),
        dg.define_asset_job(
            INGEST,
            ingested,
            description="Take in what waits in the queue and in the given folders, and check it.",
            executor_def=dg.in_process_executor,
        ),
        dg.define_asset_job(
            REFRESH_WAREHOUSE,
            warehouse_keys,
            description="Build and test every model of the warehouse.",
            executor_def=dg.in_process_executor,
        ),
        dg.define_asset_job(
            BUILD_INDEX,
            dg.AssetSelection.assets(index_candidate.KEY),
            description="Build an index version beside the live one, and let its gates judge it.",
            executor_def=dg.in_process_executor,
        ),
        dg.define_asset_job(
            BACK_UP,
            dg.AssetSelection.assets(backups_latest.KEY),
            description="Back up database and files.",
            executor_def=dg.in_process_executor,
        ),
        dg.define_asset_job(
            DRILL,
            dg.AssetSelection.assets(restore_drill.KEY),
            description="Back up, restore into a scratch home, compare, and check how long recovery took.",
            executor_def=dg.in_process_executor,
        ),
    ]
