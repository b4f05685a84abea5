"""Shapes of labels and comparisons."""

import uuid
from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from serving.accounts.schemas import Read, Write
from serving.retrieval.query import MOST_CHARACTERS
from serving.retrieval.settings import RetrievalOverrides

MOST_QUERIES = 200


class LabelCreate(Write):
    """Say how relevant a place is to a query: a passage, or characters of a document version."""

    query: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MOST_CHARACTERS)]
    relevance: int = Field(ge=0, le=3, description="0 wrong, 1 partly right, 2 right, 3 exactly what was asked for")
    chunk_id: uuid.UUID | None = Field(default=None, description="the place is this passage")
    document_version_id: uuid.UUID | None = None
    char_start: int | None = Field(default=None, ge=0)
    char_end: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _names_a_place(self) -> "LabelCreate":
        """Refuse what names no place, or two."""
        span = (self.document_version_id, self.char_start, self.char_end)
        is_span = all(one is not None for one in span)
        if (self.chunk_id is None) != is_span or (self.chunk_id is not None and any(one is not None for one in span)):
            raise ValueError("give either chunk_id, or document_version_id with char_start and char_end")
        if self.char_start is not None and self.char_end is not None and self.char_end <= self.char_start:
            raise ValueError("char_end must be greater than char_start")
        return self


class LabelOut(Read):
    """A label. It points at characters, so it holds however the document is cut."""

    id: uuid.UUID
    knowledge_base_id: uuid.UUID
    document_id: uuid.UUID
    document_name: str
    document_version_id: uuid.UUID
    is_current: bool = Field(description="whether it is of the version that is searched; others count for nothing")
    query: str
    char_start: int
    char_end: int
    relevance: int
    created_at: datetime


class Setup(Write):
    """One way of searching."""

    settings: RetrievalOverrides = Field(
        default=RetrievalOverrides(), description="instead of what the knowledge base says"
    )
    index_version_id: uuid.UUID | None = Field(default=None, description="another index version than the live one")


class ComparisonCreate(Write):
    """Ask the labelled questions in two ways."""

    knowledge_base_id: uuid.UUID | None = Field(default=None, description="its questions only")
    left: Setup = Setup()
    right: Setup = Setup()
    depth: int = Field(default=10, ge=1, le=50, description="ranks that count")


class Estimate(Read):
    """A mean, or a mean difference, with its 95 % interval over resampled questions."""

    value: float
    low: float
    high: float


class SideOut(Read):
    """How one way of searching did."""

    ndcg: Estimate
    recall: Estimate
    median_ms: float


class ComparedQuery(Read):
    """One question, asked both ways."""

    query: str
    knowledge_base_id: uuid.UUID
    left_ndcg: float
    right_ndcg: float


class ComparisonOut(Read):
    """Both ways, and by how much the right one is better than the left one, question by question."""

    count: int
    is_cut: bool = Field(description=f"whether there are more than {MOST_QUERIES} labelled questions; the first count")
    left: SideOut
    right: SideOut
    ndcg_difference: Estimate
    recall_difference: Estimate
    queries: list[ComparedQuery]
