"""Index candidate: an index version built beside the live one, to be judged by its checks."""

import dagster as dg
from pydantic import Field

from orchestration.assets import document_chunks
from orchestration.organizations import one_organization
from orchestration.resources.installation import Installation

KEY = dg.AssetKey(["lance", "index_candidate"])


class IndexCandidateConfig(dg.Config):
    """What to change against the live index; what is left out stays as it is there."""

    organization: str | None = Field(default=None, description="id or slug; the only organization there is, if unset")
    model: str | None = Field(default=None, description="path or name of a sentence-transformers model")
    chunker: str | None = Field(default=None, description="how documents are cut")
    chunk_tokens: int | None = Field(default=None, description="most tokens in a passage")
    chunk_overlap_tokens: int | None = Field(default=None, description="most tokens repeated between passages")
    resume: int | None = Field(default=None, description="number of a version whose build stopped, to go on with it")


@dg.asset(key=KEY, group_name="index_candidate", deps=[document_chunks.KEY], kinds={"lancedb"})
def index_candidate(config: IndexCandidateConfig, installation: Installation) -> dg.MaterializeResult[None]:
    """One row per passage of a readable document version, by the model and the cut that were asked for."""
    from ingestion.index_builds.build import build, create_index_version
    from ingestion.index_builds.request import BuildRequest

    with installation.open() as stores:
        organization_id = one_organization(stores, config.organization)
        number = config.resume
        if number is None:
            changes = config.model_dump(exclude={"organization", "resume"})
            number = create_index_version(stores, organization_id, BuildRequest(**changes)).number
        index = build(stores, organization_id, number)
    return dg.MaterializeResult(
        metadata={
            "organization_id": str(organization_id),
            "number": index.number,
            "embedding_model": index.embedding_model,
            "dimension": index.dimension,
            "fingerprint": index.model_fingerprint or "unknown",
            "chunker": index.chunker,
            "dagster/row_count": int(index.progress.get("passages", 0)),
            "documents": int(index.progress.get("documents_total", 0)),
            "problems": len(index.progress.get("problems", {})),
        }
    )
