"""Shapes of the search route."""

import uuid
from typing import Annotated

from pydantic import Field, StringConstraints

from serving.accounts.schemas import Read, Write
from serving.retrieval.filters import Filter
from serving.retrieval.query import MOST_CHARACTERS
from serving.retrieval.settings import MOST_PASSAGES, RetrievalOverrides, RetrievalSettings


class SearchCreate(Write):
    """One question to knowledge bases."""

    query: Annotated[str, StringConstraints(min_length=1, max_length=MOST_CHARACTERS)]
    knowledge_base_ids: list[uuid.UUID] | None = Field(
        default=None, min_length=1, max_length=100, description="all that may be read when not given"
    )
    limit: int = Field(default=10, ge=1, le=MOST_PASSAGES)
    filter: Filter | None = Field(default=None, description="which documents passages may come from")
    settings: RetrievalOverrides = Field(
        default=RetrievalOverrides(), description="instead of what the knowledge bases say"
    )
    index_version_id: uuid.UUID | None = Field(default=None, description="another index version than the live one")


class ScoresOut(Read):
    """How a passage was rated on its way; what did not happen is null."""

    similarity: float = Field(description="cosine similarity to the question")
    vector: float | None
    vector_rank: int | None
    text: float | None = Field(description="BM25")
    text_rank: int | None
    fused: float
    fused_rank: int
    reranker: float | None


class FoundOut(Read):
    """A passage that was found."""

    rank: int
    score: float = Field(description="what decided the rank; comparable within one answer only")
    scores: ScoresOut
    chunk_id: uuid.UUID
    document_id: uuid.UUID
    document_version_id: uuid.UUID
    knowledge_base_id: uuid.UUID
    document_name: str
    text: str
    context: str | None = Field(description="what is read along: the passages around, or the section")
    heading_path: list[str]
    page_start: int | None
    page_end: int | None
    char_start: int
    char_end: int


class SearchOut(Read):
    """What was found, how, and how long each stage took."""

    passages: list[FoundOut]
    index_version_id: uuid.UUID | None
    vector_weight: float | None = Field(description="share of the vector search; null when only one search ran")
    dropped: int = Field(description="candidates that cannot be read any more, or are not in what is read")
    settings: RetrievalSettings
    latencies_ms: dict[str, float]
