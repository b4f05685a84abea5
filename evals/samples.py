"""What an evaluation asks, and what it got."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """A question; `document` and `answer` are None when the documents do not answer it."""

    id: str
    question: str
    language: str
    is_answerable: bool
    document: str | None
    answer: str | None


@dataclass(frozen=True)
class Observation:
    """The answer to a sample. `retrieved` names the documents of the passages, best first; `cited` those cited."""

    message_id: uuid.UUID
    text: str
    quotes: tuple[str, ...]
    is_refused: bool
    retrieved: tuple[str, ...]
    cited: frozenset[str]
    index_version_id: uuid.UUID | None
    total_ms: float


Scorer = Callable[[Sample, Observation], bool]


def normalised(text: str) -> str:
    """Runs of white space as one space, case folded: how texts are compared."""
    return " ".join(text.split()).casefold()
