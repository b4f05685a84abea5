"""Shapes of the ingestion routes; progress itself is `ingestion.ingestions.IngestionProgress`."""

import uuid
from typing import Annotated

from pydantic import Field, StringConstraints

from serving.accounts.schemas import Write


class IngestionCreate(Write):
    """Begin an ingestion; uploads join it by its id."""

    knowledge_base_id: uuid.UUID
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
    expected: int | None = Field(default=None, ge=1, le=1_000_000, description="how many documents will be given")
