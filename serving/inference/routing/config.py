"""How a bot chooses among models: a part of its configuration, kept in every version of it."""

import uuid
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from serving.inference.routing.route import RoutingRule


class RouteCandidateConfig(BaseModel):
    """One model that may answer, and how it is asked."""

    model_config = ConfigDict(extra="forbid")

    model_id: uuid.UUID
    parameters: dict[str, Any] = Field(
        default_factory=dict,
        max_length=20,
        description="temperature, top_p, max_tokens …; GET /api/v1/models lists them",
    )


class RoutingConfig(BaseModel):
    """Who answers. Without candidates the extractive answerer does."""

    model_config = ConfigDict(extra="forbid")

    rule: RoutingRule = Field(
        default=RoutingRule.ORDERED,
        description="ordered: as listed; cheapest: of those that are good enough; fastest: as measured; pinned: the first only",
    )
    candidates: list[RouteCandidateConfig] = Field(default_factory=list, max_length=10)
    least_quality: float | None = Field(
        default=None, ge=0, le=1, description="with `cheapest`: the score that a model must have in its evaluation"
    )
    falls_back_to_extractive: bool = Field(
        default=True, description="whether quoted sentences answer when no model does"
    )
    total_s: float = Field(default=60.0, gt=0, le=3600, description="time for an answer, retries included")

    @model_validator(mode="after")
    def _each_model_once(self) -> Self:
        ids = [candidate.model_id for candidate in self.candidates]
        if len(set(ids)) < len(ids):
            raise ValueError("candidates: a model is listed twice")
        return self
