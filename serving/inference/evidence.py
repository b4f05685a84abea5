"""How strong the evidence for an answer is: a small logistic model over what retrieval and sentences say.

Its weights were fitted on public question sets (see docs/decisions/0004-when-to-refuse.md), never on `examples/`.
"""

import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from functools import lru_cache
from pathlib import Path

_WEIGHTS = Path(__file__).with_name("evidence_model.json")
_WORD = re.compile(r"[^\W_]+", re.UNICODE)


@dataclass(frozen=True)
class EvidenceFeatures:
    """What the model looks at; cosine similarities in [-1, 1], shares in [0, 1]."""

    best_sentence: float
    best_passage: float
    passage_margin: float
    coverage: float
    sentence_coverage: float


@dataclass(frozen=True)
class EvidenceModel:
    """Logistic regression: probability that the passages answer the question."""

    weights: tuple[float, ...]
    intercept: float
    threshold: float

    def probability(self, features: EvidenceFeatures) -> float:
        """Probability in (0, 1)."""
        total = self.intercept + sum(w * x for w, x in zip(self.weights, astuple(features), strict=True))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


@lru_cache
def evidence_model() -> EvidenceModel:
    """The fitted model that ships with the product."""
    stored = json.loads(_WEIGHTS.read_text())
    return EvidenceModel(tuple(stored["weights"]), stored["intercept"], stored["threshold"])


def content_words(text: str, stop_words: frozenset[str]) -> list[str]:
    """Lower-case words that carry meaning: stop words and single letters are left out, numbers stay."""
    words = (word.casefold() for word in _WORD.findall(text))
    return [word for word in words if word not in stop_words and (len(word) > 1 or word.isdigit())]


def _stem(word: str) -> str:
    # Five letters keep inflections of European languages together without a stemmer per language.
    return word if word.isdigit() else word[:5]


def coverage(words: Sequence[str], text: str) -> float:
    """Share of the words' stems that occur in the text; 0 when there are none."""
    wanted = {_stem(word) for word in words}
    if not wanted:
        return 0.0
    present = {_stem(word.casefold()) for word in _WORD.findall(text)}
    return len(wanted & present) / len(wanted)


def features_of(
    words: Sequence[str],
    passages: Sequence[str],
    passage_scores: Sequence[float],
    *,
    best_sentence: float,
    sentence: str,
) -> EvidenceFeatures:
    """Features of one question with its passages, best passage first; `sentence` is the best one."""
    best = max(passage_scores)
    mean = sum(passage_scores) / len(passage_scores)
    return EvidenceFeatures(
        best_sentence=best_sentence,
        best_passage=best,
        passage_margin=best - mean,
        coverage=_best(coverage(words, passage) for passage in passages),
        sentence_coverage=coverage(words, sentence),
    )


def _best(values: Iterable[float]) -> float:
    return max(values, default=0.0)
