"""Shapes of the erasure routes."""

import uuid
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from serving.accounts.schemas import Read, Write
from storage.postgres.models.erasure import ErasureKind, ErasureState

Subject = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255, pattern=r"^[^\x00]*$")]


class ErasureCreate(Write):
    """Erase something for good."""

    kind: ErasureKind
    subject: Subject = Field(description="id of the document, the knowledge base or the person")
    with_uploads: bool = Field(default=False, description="for a person: the documents that they gave, too")


class ErasureOut(Read):
    """An erasure of the ledger: what was touched, and what a search through the bytes found afterwards."""

    id: uuid.UUID
    kind: ErasureKind
    subject: str
    with_uploads: bool
    state: ErasureState
    step: str | None = Field(description="the last step that is done")
    touched: dict[str, int]
    proof: dict[str, Any] | None
    error: str | None
    requested_by: uuid.UUID | None
    created_at: datetime
    completed_at: datetime | None
