"""What retrieval returns."""

import uuid
from dataclasses import dataclass, field

from serving.retrieval.settings import RetrievalSettings
from storage.records.vector import Vector


@dataclass(frozen=True)
class Scores:
    """How a passage was rated on its way; None where a search did not put it forward or a stage did not run."""

    similarity: float
    vector: float | None = None
    vector_rank: int | None = None
    text: float | None = None
    text_rank: int | None = None
    fused: float = 0.0
    fused_rank: int = 0
    reranker: float | None = None

    def as_json(self) -> dict[str, float | int]:
        """Without what is not there; scores to six digits."""
        return {
            name: round(value, 6) if isinstance(value, float) else value
            for name, value in vars(self).items()
            if value is not None
        }


@dataclass(frozen=True)
class RetrievedPassage:
    """A passage that whoever asks may read now, with where it came from.

    `score` decides the rank and is comparable within one answer only; `similarity` is the cosine to the question.
    `context` is what is read along: the passages around it, or its section; the passage itself included.
    """

    rank: int
    score: float
    similarity: float
    scores: Scores
    chunk_id: uuid.UUID
    document_id: uuid.UUID
    document_version_id: uuid.UUID
    knowledge_base_id: uuid.UUID
    document_name: str
    text: str
    text_hash: str
    heading_path: tuple[str, ...]
    page_start: int | None
    page_end: int | None
    boxes: list[list[float]] | None
    char_start: int
    char_end: int
    context: str | None = None


@dataclass(frozen=True)
class Retrieval:
    """Passages by rank (from 1), the index version that gave them, the settings used, and milliseconds by stage.

    `vector_weight` is the share that the vector search had; None where only one search ran. `dropped` counts
    candidates that the read gate kept back. `question_vector` is the question's by the model that the product brings; None
    where the index has another one, or nothing was searched.
    """

    passages: tuple[RetrievedPassage, ...]
    index_version_id: uuid.UUID | None
    settings: RetrievalSettings
    latencies_ms: dict[str, float] = field(default_factory=dict)
    vector_weight: float | None = None
    dropped: int = 0
    question_vector: Vector | None = field(default=None, compare=False, repr=False)
