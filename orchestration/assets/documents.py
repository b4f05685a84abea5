"""Documents: what waits in the ingestion queue, and what lies in the configured folders."""

from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field

from orchestration.organizations import find_knowledge_base, one_organization
from orchestration.resources.installation import Installation

KEY = dg.AssetKey(["postgres", "documents"])


class DocumentsConfig(dg.Config):
    """What to take in besides the queue."""

    paths: list[str] = Field(default=[], description="files and folders to take in")
    knowledge_base: str = Field(default="default", description="id, slug or name of the knowledge base they go to")
    organization: str | None = Field(default=None, description="id or slug; the only organization there is, if unset")


@dg.asset(key=KEY, group_name="documents", kinds={"postgres"})
def documents(config: DocumentsConfig, installation: Installation) -> dg.MaterializeResult[None]:
    """One row per document that was uploaded or found in a folder, with its versions, passages and failures."""
    from ingestion.batch import ingest_paths
    from ingestion.worker import run_until_idle

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
        drained = run_until_idle(stores)
    metadata |= {f"queue_{name}": value for name, value in drained.model_dump().items()}
    return dg.MaterializeResult(metadata=metadata)
