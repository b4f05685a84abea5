"""The warehouse: every dbt model is an asset, and every dbt test a check of one."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets

from orchestration.assets import document_chunks, documents, eval_scores
from orchestration.resources.installation import Installation
from orchestration.resources.warehouse import WarehouseDbt
from storage.postgres.warehouse import build_lock, mark_built, needs_full_refresh

# Which of our assets writes a source table. Every other source has a key of its own and no upstream here.
_WRITERS = {
    "documents": documents.KEY,
    "document_versions": documents.KEY,
    "chunks": documents.KEY,
    "jobs": documents.KEY,
    "index_versions": document_chunks.KEY,
    "index_manifests": document_chunks.KEY,
    "eval_runs": eval_scores.KEY,
    "eval_scores": eval_scores.KEY,
}


class WarehouseTranslator(DagsterDbtTranslator):
    """Keys `warehouse/<model>`, grouped by layer; sources lead to the assets that write them."""

    def __init__(self) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True))

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Key of a model or a source."""
        name = dbt_resource_props["name"]
        if dbt_resource_props["resource_type"] == "source":
            return _WRITERS.get(name, dg.AssetKey(["postgres", name]))
        return dg.AssetKey(["warehouse", name])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The model's layer."""
        if dbt_resource_props["resource_type"] != "model":
            return None
        return f"warehouse_{dbt_resource_props['fqn'][1]}"


def warehouse_assets(manifest: Path) -> dg.AssetsDefinition:
    """The assets of a manifest; one step builds and tests them all."""

    @dbt_assets(manifest=manifest, name="warehouse", dagster_dbt_translator=WarehouseTranslator())
    def warehouse(context: dg.AssetExecutionContext, dbt: WarehouseDbt, installation: Installation) -> Iterator[Any]:
        with installation.open() as stores, build_lock(stores.owner):
            arguments = ["--full-refresh"] if needs_full_refresh(stores.owner) else []
            yield from dbt.build(installation.settings, arguments, context).stream()
            if not context.is_subset:
                mark_built(stores.owner)

    return warehouse
