"""Topics of a conversation: questions that belong together by meaning, and which of them a question goes back to."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from ingestion.embedding.embedder import Embedder

# Two questions of one topic are this alike, cosine. Chosen by looking at conversations, not measured.
SAME_TOPIC = 0.42
# An older question must be so much closer than the last one to be what is meant. Chosen in the same way.
RECENCY = 0.12
_MOST_KEPT = 2_000

_lock = Lock()
_kept: OrderedDict[tuple[str, str], NDArray[np.float32]] = OrderedDict()


@dataclass(frozen=True)
class Topic:
    """Questions that belong together, by their places in the conversation; `label` is the first of them."""

    label: str
    questions: tuple[int, ...]


def closest(text: str, questions: Sequence[str], *, embedder: Embedder) -> int:
    """The place of the question that a text goes back to: the closest in meaning, the last unless another is clearly closer.

    Args:
        text: What leans on one of them.
        questions: At least one, oldest first.
        embedder: Gives the meaning.
    """
    if len(questions) == 1:
        return 0
    vectors = meanings([text, *questions], embedder)
    alike = vectors[1:] @ vectors[0]
    alike[-1] += RECENCY
    return int(alike.argmax())


def topics_of(questions: Sequence[str], *, embedder: Embedder) -> list[Topic]:
    """The topics of a conversation, in the order in which they came up.

    Args:
        questions: Questions that stand alone, oldest first.
        embedder: Gives the meaning.
    """
    if not questions:
        return []
    vectors = meanings(questions, embedder)
    members: list[list[int]] = []
    for place, vector in enumerate(vectors):
        alike = [float((vectors[one] @ vector).max()) for one in members]
        best = int(np.argmax(alike)) if alike else -1
        if best >= 0 and alike[best] >= SAME_TOPIC:
            members[best].append(place)
        else:
            members.append([place])
    return [Topic(questions[one[0]], tuple(one)) for one in members]


def meanings(texts: Sequence[str], embedder: Embedder) -> NDArray[np.float32]:
    """Vectors of texts, float32[n, dimension]; those of a conversation are asked for again and again, so they are kept."""
    keys = [(embedder.model, text) for text in texts]
    with _lock:
        found = {key: _kept[key] for key in keys if key in _kept}
    new = [key for key in dict.fromkeys(keys) if key not in found]
    if new:
        found |= dict(zip(new, embedder.embed_queries([text for _, text in new]), strict=True))
        with _lock:
            _kept.update((key, found[key]) for key in new)
            while len(_kept) > _MOST_KEPT:
                _kept.popitem(last=False)
    return np.stack([found[key] for key in keys])
