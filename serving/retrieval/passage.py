"""What retrieval returns."""

import uuid
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class RetrievalSettings:
    """How passages are found. `overfetch` candidates are asked for per wanted passage, because the gate may drop some."""

    mode: str = "vector"
    limit: int = 6
    overfetch: int = 3

    def as_json(self) -> dict[str, Any]:
        """For the receipt."""
        return asdict(self)


@dataclass(frozen=True)
class RetrievedPassage:
    """A passage that this organization may read now, with where it came from. `score` is the cosine similarity."""

    rank: int
    score: float
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


@dataclass(frozen=True)
class Retrieval:
    """Passages by rank (from 1), the index version that gave them, and milliseconds by stage."""

    passages: tuple[RetrievedPassage, ...]
    index_version_id: uuid.UUID | None
    settings: RetrievalSettings
    latencies_ms: dict[str, float]
