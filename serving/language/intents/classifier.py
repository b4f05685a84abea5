"""A classifier of intents: a linear model of the sentence vector beside naive Bayes of the words, mixed and calibrated."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from serving.language.intents.features import BINS, bin_values, word_bins

VECTOR_SHARE = 0.7  # of the vector's probabilities in the mixture; the rest are the words'
WORD_SHARPNESS = 6.0
_LEAST_PROBABILITY = 1e-6


@dataclass(frozen=True)
class Told:
    """The likeliest intent and how likely it is to be right."""

    label: str
    probability: float


@dataclass(frozen=True, eq=False)
class Weights:
    """The numbers that were learned.

    Attributes:
        vector: float32[dimension, labels].
        vector_bias: float32[labels].
        words: Log-probabilities of bins, float16[BINS, labels].
        rarity: float32[BINS].
        calibration: float32[2], slope and offset of the log-odds of the best probability.
    """

    vector: NDArray[np.float32]
    vector_bias: NDArray[np.float32]
    words: NDArray[np.float16]
    rarity: NDArray[np.float32]
    calibration: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class IntentClassifier:
    """A trained classifier. `threshold`: the probability below which a text is taken for out of scope."""

    labels: tuple[str, ...]
    threshold: float
    weights: Weights

    def classify(self, vector: NDArray[np.float32], text: str) -> Told:
        """The likeliest intent of a text.

        Args:
            vector: Its sentence vector, float32[dimension], of the embedding model that the classifier was trained with.
            text: The text.
        """
        probabilities = self.probabilities(vector[None, :], [text])[0]
        best = int(probabilities.argmax())
        return Told(self.labels[best], float(probabilities[best]))

    def probabilities(self, vectors: NDArray[np.float32], texts: Sequence[str]) -> NDArray[np.float32]:
        """Of each text for each label, float32[texts, labels].

        The best one of a row is calibrated: it is the share of such texts whose likeliest intent is right. The others keep
        their order below it and do not add up to one.
        """
        mixed = mixture(self.weights, vectors, [word_bins(text) for text in texts])
        best = mixed.max(axis=1, keepdims=True)
        return np.asarray(mixed / best * calibrated(best, self.weights.calibration), dtype=np.float32)

    def to_bytes(self) -> bytes:
        """The weights in NumPy's own format."""
        buffer = io.BytesIO()
        arrays = {one.name: getattr(self.weights, one.name) for one in fields(Weights)}
        np.savez_compressed(buffer, allow_pickle=False, **arrays)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes, *, labels: Sequence[str], threshold: float) -> "IntentClassifier":
        """Read what `to_bytes` wrote; nothing in it is run.

        Raises:
            ValueError: The arrays are not those of a classifier with these labels.
        """
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            weights = Weights(**{one.name: arrays[one.name] for one in fields(Weights)})
        shapes = (weights.vector.shape[1:], weights.vector_bias.shape, weights.words.shape, weights.rarity.shape)
        expected = ((len(labels),), (len(labels),), (BINS, len(labels)), (BINS,))
        if shapes != expected:
            raise ValueError(f"The weights have the shapes {shapes}; expected {expected} for {len(labels)} labels")
        return cls(tuple(labels), threshold, weights)


def mixture(weights: Weights, vectors: NDArray[np.float32], rows: Sequence[NDArray[np.int32]]) -> NDArray[np.float32]:
    """Probabilities before calibration, float32[n, labels]; rows add up to one."""
    by_vector = _softmax(vectors @ weights.vector + weights.vector_bias)
    logs = np.zeros_like(by_vector)
    for index, row in enumerate(rows):
        logs[index] = bin_values(row, weights.rarity) @ weights.words[row].astype(np.float32)
    by_words = _softmax(WORD_SHARPNESS * logs)
    return np.asarray(VECTOR_SHARE * by_vector + (1 - VECTOR_SHARE) * by_words, dtype=np.float32)


def calibrated(best: NDArray[np.float32], calibration: NDArray[np.float32]) -> NDArray[np.float32]:
    """The share of texts with these best probabilities whose likeliest intent is right."""
    slope, offset = calibration
    return np.asarray(1 / (1 + np.exp(-(slope * log_odds(best) + offset))), dtype=np.float32)


def log_odds(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """ln(p / (1 - p)), with certainty cut off."""
    kept = np.clip(probabilities.astype(np.float64), _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)
    return np.asarray(np.log(kept / (1 - kept)), dtype=np.float32)


def _softmax(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), dtype=np.float32)
