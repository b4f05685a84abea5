"""Documents: what waits in the ingestion queue, and what lies in the configured folders."""

import time
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field

from orchestration.freshness import source_freshness
from orchestration.organizations import find_knowledge_base, one_organization
from orchestration.resources.installation import Installation

KEY = dg.AssetKey(["postgres", "documents"])

_BATCH = 50


class DocumentsConfig(dg.Config):
    """What to take in besides the queue."""

    paths: list[str] = Field(default=[], description="files and folders to take in")
    knowledge_base: str = Field(default="default", description="id, slug or name of the knowledge base they go to")
    organization: str | None = Field(default=None, description="id or slug; the only organization there is, if unset")


@dg.asset(key=KEY, group_name="documents", kinds={"postgres"})
def documents(
    context: dg.AssetExecutionContext, config: DocumentsConfig, installation: Installation
) -> dg.MaterializeResult[None]:
    """One row per document that was uploaded or found in a folder, with its versions, passages and failures.

    Each batch is told in the run's log as it is done; the run's metadata has documents, pages, seconds, failures by type
    and how fresh each source is.
    """
    from ingestion.batch import ingest_paths
    from ingestion.worker import WorkerReport, run_until_idle

    started = time.monotonic()

    def tell(report: WorkerReport) -> None:
        if report.documents % _BATCH == 0:
            pace = report.documents / max(time.monotonic() - started, 1e-3)
            context.log.info(f"{report.documents} documents, {report.pages} pages, {pace:.1f} documents/s")

    with installation.open() as stores:
        metadata: dict[str, Any] = {}
        if config.paths:
            organization_id = one_organization(stores, config.organization)
            report = ingest_paths(
                stores,
                [Path(path) for path in config.paths],
                organization_id=organization_id,
                knowledge_base_id=find_knowledge_base(stores, organization_id, config.knowledge_base),
            )
            metadata |= report.summary | {"pages": sum(row.pages or 0 for row in report.files)}
        drained = run_until_idle(stores, on_report=tell)
        metadata["freshness"] = source_freshness(stores)
    queue = drained.model_dump() | {"documents": drained.documents}
    metadata |= {f"queue_{name}": value for name, value in queue.items()}
    metadata["seconds"] = round(time.monotonic() - started, 3)
    return dg.MaterializeResult(metadata=metadata)
