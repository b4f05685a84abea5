"""How strong the evidence for an answer is: a small logistic model over what retrieval and sentences say.

Its weights were fitted on public question sets (see docs/decisions/0004-when-to-refuse.md), never on `examples/`.
"""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from functools import lru_cache
from pathlib import Path

OTHER = "other"
_WEIGHTS = Path(__file__).with_name("evidence_model.json")
_WORD = re.compile(r"[^\W_]+", re.UNICODE)


@dataclass(frozen=True)
class EvidenceFeatures:
    """What the model looks at; cosine similarities and the fit in [-1, 1], shares in [0, 1]."""

    best_sentence: float
    best_passage: float
    passage_margin: float
    sentence_margin: float
    word_match: float
    coverage: float
    answer_fit: float


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


def evidence_model(language: str | None) -> EvidenceModel:
    """The fitted model for questions in a language; one that is not known is taken for English."""
    models = evidence_models()
    return models.get(language or "en", models[OTHER])


@lru_cache
def evidence_models() -> dict[str, EvidenceModel]:
    """The fitted models that ship with the product: one for English, which the embedding model knows, one for others."""
    stored = json.loads(_WEIGHTS.read_text())["models"]
    return {
        name: EvidenceModel(tuple(model["weights"]), model["intercept"], model["threshold"])
        for name, model in stored.items()
    }


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
    sentence_scores: Sequence[float],
    word_match: float,
    answer_fit: float,
) -> EvidenceFeatures:
    """Features of one question with its passages.

    Args:
        words: The question's words that carry meaning.
        passages: Texts of the passages.
        passage_scores: Cosine similarity of each passage.
        sentence_scores: Cosine similarity of the best sentence of each passage that has one.
        word_match: How well the best passage meets the question's words.
        answer_fit: Whether the chosen sentence holds the kind of answer that is asked for.
    """
    best_passage, best_sentence = max(passage_scores), max(sentence_scores)
    return EvidenceFeatures(
        best_sentence=best_sentence,
        best_passage=best_passage,
        passage_margin=best_passage - sum(passage_scores) / len(passage_scores),
        sentence_margin=best_sentence - sum(sentence_scores) / len(sentence_scores),
        word_match=word_match,
        coverage=max((coverage(words, passage) for passage in passages), default=0.0),
        answer_fit=answer_fit,
    )
