"""How passages are found: what a knowledge base, a bot and a request may say about it."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from serving.retrieval.filters import Filter

Mode = Literal["vector", "text", "hybrid"]
Fusion = Literal["convex", "reciprocal_rank"]
Share = Annotated[float, Field(ge=0, le=1)]

MOST_PASSAGES = 200


class Boost(BaseModel):
    """Raises or lowers passages of documents that meet a filter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    filter: Filter
    factor: float = Field(gt=0, le=10, description="the score is multiplied by it; below 1 it lowers")


class Decay(BaseModel):
    """Lowers passages of old documents; a document without the date is not lowered."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    half_life_days: float = Field(gt=0, le=36_500, description="age at which the score is halved")
    field: Literal["modified_at", "created_at", "ready_at"] = "modified_at"


class RetrievalOverrides(BaseModel):
    """Settings that a knowledge base or a bot changes; what is not set stays as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Mode | None = Field(default=None, description="vector, text (BM25) or both")
    fusion: Fusion | None = Field(default=None, description="how both are joined")
    vector_weight: Share | None = Field(default=None, description="share of the vector search; chosen when not set")
    rank_constant: int | None = Field(default=None, ge=1, le=1000, description="constant of reciprocal rank fusion")
    candidates: int | None = Field(default=None, ge=10, le=1000, description="passages that each search puts forward")
    diversity: Share | None = Field(default=None, description="0: by score alone; towards 1: unlike each other")
    most_per_document: int | None = Field(default=None, ge=1, le=MOST_PASSAGES)
    skips_duplicates: bool | None = Field(default=None, description="passages that say the same are given once")
    neighbours: int | None = Field(default=None, ge=0, le=3, description="passages before and after to read along")
    reads_parents: bool | None = Field(default=None, description="read the section around a passage along")
    boosts: tuple[Boost, ...] | None = Field(default=None, max_length=20)
    decay: Decay | None = None
    reranks: bool | None = Field(default=None, description="by the configured cross-encoder")


class RetrievalSettings(BaseModel):
    """How the passages of one question are found. The defaults are those of a fresh knowledge base."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Mode = "hybrid"
    limit: int = Field(default=6, ge=1, le=MOST_PASSAGES)
    fusion: Fusion = "convex"
    vector_weight: Share | None = None
    rank_constant: int = Field(default=60, ge=1, le=1000)
    candidates: int = Field(default=150, ge=10, le=1000)
    diversity: Share = 0.0
    most_per_document: int | None = Field(default=None, ge=1, le=MOST_PASSAGES)
    skips_duplicates: bool = True
    neighbours: int = Field(default=0, ge=0, le=3)
    reads_parents: bool = False
    boosts: tuple[Boost, ...] = Field(default=(), max_length=20)
    decay: Decay | None = None
    reranks: bool = False
    filter: Filter | None = None

    def changed_by(self, *overrides: RetrievalOverrides) -> "RetrievalSettings":
        """These settings with what the overrides set; the last one wins."""
        changes: dict[str, Any] = {}
        for one in overrides:
            changes |= {name: getattr(one, name) for name in one.model_fields_set if getattr(one, name) is not None}
        return self.model_copy(update=changes)

    def as_json(self) -> dict[str, Any]:
        """For the receipt: what differs from nothing at all is kept, too, so that a changed default stays visible."""
        return self.model_dump(mode="json", exclude_none=True)
