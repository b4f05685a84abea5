"""A summary without a model: the sentences that are closest to everything that was said, each with the message it is from."""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ingestion.embedding.embedder import Embedder

MOST_SENTENCES = 6
_MOST_CANDIDATES = 60
_FEWEST_WORDS = 4
_MOST_CHARACTERS = 300
# A sentence that says nearly the same as one that was chosen adds nothing.
_TOO_ALIKE = 0.85
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")


@dataclass(frozen=True)
class SummarySentence:
    """One sentence and the message that it is from; a model's sentences are from none."""

    text: str
    message_id: uuid.UUID | None

    def as_json(self) -> dict[str, Any]:
        """As it is stored."""
        return {"text": self.text, "message_id": str(self.message_id) if self.message_id else None}


def central_sentences(said: Sequence[tuple[uuid.UUID, str]], *, embedder: Embedder) -> list[SummarySentence]:
    """The most central sentences of some messages, at most six, in the order in which they were said.

    Args:
        said: Messages with their texts, oldest first.
        embedder: Gives the meaning.
    """
    sentences = [
        SummarySentence(sentence.strip()[:_MOST_CHARACTERS], message_id)
        for message_id, text in said
        for sentence in _SENTENCE.split(text)
        if len(sentence.split()) >= _FEWEST_WORDS
    ][-_MOST_CANDIDATES:]
    if len(sentences) <= MOST_SENTENCES:
        return sentences
    vectors = embedder.embed([sentence.text for sentence in sentences])
    alike = vectors @ vectors.T
    chosen: list[int] = []
    for place in np.argsort(-alike.mean(axis=1)).tolist():
        if all(alike[place, other] < _TOO_ALIKE for other in chosen):
            chosen.append(place)
        if len(chosen) == MOST_SENTENCES:
            break
    return [sentences[place] for place in sorted(chosen)]
