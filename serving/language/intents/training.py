"""From examples to a classifier, with a threshold and figures from examples that it had not seen."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from serving.language.intents.classifier import IntentClassifier, Weights, calibrated, log_odds, mixture
from serving.language.intents.features import BINS, bin_values, rarity_of_bins, word_bins
from serving.language.intents.judging import judge
from serving.language.intents.schemas import IntentMetrics

FEWEST_INTENTS = 2
FEWEST_EXAMPLES = 5
FOLDS = 3
# Refusing the least sure makes room for what is out of scope; more than this share of the right ones it may not cost.
MOST_REFUSED = 0.02

_INVERSE_PENALTY = 10.0
_MOST_ITERATIONS = 500
_TOLERANCE = 1e-3
_WORD_SMOOTHING = 0.03
_FEWEST_TO_CALIBRATE = 10  # wrong ones; with fewer there is nothing to fit a curve to
_FEWEST_OUTSIDE = 10  # to choose a threshold by
_SEED = 7


@dataclass(frozen=True)
class TrainingSet:
    """Examples in scope, with the index of their label, and examples out of scope; make it by `of`."""

    inside: tuple[str, ...]
    targets: NDArray[np.int64]
    labels: tuple[str, ...]
    outside: tuple[str, ...]

    @property
    def texts(self) -> list[str]:
        """All texts, those out of scope last."""
        return [*self.inside, *self.outside]

    @classmethod
    def of(cls, examples: Sequence[tuple[str, str | None]]) -> "TrainingSet":
        """Sort examples by whether they are in scope.

        Args:
            examples: Text and intent; None for out of scope. Intents without an example are not known.

        Raises:
            ValueError: Fewer than two intents, or an intent with fewer than five examples.
        """
        counts = Counter(intent for _, intent in examples if intent is not None)
        short = sorted(f"{intent!r} has {count}" for intent, count in counts.items() if count < FEWEST_EXAMPLES)
        if short:
            raise ValueError(
                f"Every intent needs {FEWEST_EXAMPLES} examples at least: {', '.join(short[:5])}. Add some."
            )
        if len(counts) < FEWEST_INTENTS:
            raise ValueError(f"{len(counts)} intents have examples; at least {FEWEST_INTENTS} are needed. Add some.")
        labels = tuple(sorted(counts))
        index = {label: number for number, label in enumerate(labels)}
        inside = [(text, index[intent]) for text, intent in examples if intent is not None]
        return cls(
            inside=tuple(text for text, _ in inside),
            targets=np.array([target for _, target in inside], dtype=np.int64),
            labels=labels,
            outside=tuple(text for text, intent in examples if intent is None),
        )


@dataclass(frozen=True)
class Trained:
    """A classifier and how good such a one is on examples that it has not seen."""

    classifier: IntentClassifier
    metrics: IntentMetrics


def training_digest(examples: Sequence[tuple[str, str | None]]) -> str:
    """SHA-256 in hex of the examples, whatever their order."""
    ordered = sorted(([text, intent] for text, intent in examples), key=lambda pair: (pair[0], str(pair[1])))
    return hashlib.sha256(json.dumps(ordered, ensure_ascii=False).encode()).hexdigest()


def train_classifier(examples: TrainingSet, vectors: NDArray[np.float32]) -> Trained:
    """Learn, choose the threshold by cross-validation, and judge at it. Blocking: seconds for thousands of examples.

    Args:
        examples: What to learn from.
        vectors: Sentence vectors of `examples.texts`, float32[n, dimension].

    Returns:
        A classifier of all examples; its figures are those of classifiers of two thirds of them on the other third, so
        they are a little worse than what it does itself.
    """
    rows = [word_bins(text) for text in examples.texts]
    held_out = _held_out(examples, vectors, rows)
    inside = held_out[: len(examples.inside)]
    is_right = np.zeros(len(held_out), dtype=bool)
    is_right[: len(inside)] = inside.argmax(axis=1) == examples.targets
    best = held_out.max(axis=1)
    calibration = _calibration(best, is_right)
    confidence = calibrated(best, calibration)
    threshold = _threshold(confidence[is_right], confidence[len(inside) :])
    metrics = judge(
        examples.texts,
        [*(examples.labels[target] for target in examples.targets), *(None for _ in examples.outside)],
        np.asarray(held_out / best[:, None] * confidence[:, None], dtype=np.float32),
        labels=examples.labels,
        threshold=threshold,
    )
    whole = np.arange(len(examples.inside))
    weights = _fit(examples, vectors, rows, whole, calibration)
    return Trained(IntentClassifier(examples.labels, threshold, weights), metrics)


def _held_out(
    examples: TrainingSet, vectors: NDArray[np.float32], rows: Sequence[NDArray[np.int32]]
) -> NDArray[np.float32]:
    """Probabilities of every example by classifiers that had not seen it; out of scope by the mean of all of them."""
    from sklearn.model_selection import StratifiedKFold

    found = np.zeros((len(rows), len(examples.labels)), dtype=np.float32)
    count = len(examples.inside)
    none_yet = np.array([1.0, 0.0], dtype=np.float32)
    folds = StratifiedKFold(n_splits=FOLDS, shuffle=True, random_state=_SEED)
    for seen, unseen in folds.split(np.zeros(count), examples.targets):
        weights = _fit(examples, vectors, rows, seen, none_yet)
        found[unseen] = mixture(weights, vectors[unseen], [rows[index] for index in unseen])
        if examples.outside:
            found[count:] += mixture(weights, vectors[count:], rows[count:]) / FOLDS
    return found


def _fit(
    examples: TrainingSet,
    vectors: NDArray[np.float32],
    rows: Sequence[NDArray[np.int32]],
    chosen: NDArray[np.int64],
    calibration: NDArray[np.float32],
) -> Weights:
    """Learn from the chosen examples in scope."""
    from sklearn.linear_model import LogisticRegression

    targets = examples.targets[chosen]
    linear = LogisticRegression(C=_INVERSE_PENALTY, max_iter=_MOST_ITERATIONS, tol=_TOLERANCE)
    linear.fit(vectors[chosen], targets)
    vector, bias = linear.coef_.T, linear.intercept_
    if len(examples.labels) == FEWEST_INTENTS:
        # For two classes there is one column of log-odds: half of it for the one is half against the other.
        vector, bias = np.hstack([-vector / 2, vector / 2]), np.array([-bias[0] / 2, bias[0] / 2])
    chosen_rows = [rows[index] for index in chosen]
    rarity = rarity_of_bins(chosen_rows)
    return Weights(
        vector=np.asarray(vector, dtype=np.float32),
        vector_bias=np.asarray(bias, dtype=np.float32),
        words=_word_weights(chosen_rows, targets, rarity, len(examples.labels)),
        rarity=rarity,
        calibration=calibration,
    )


def _word_weights(
    rows: Sequence[NDArray[np.int32]], targets: NDArray[np.int64], rarity: NDArray[np.float32], labels: int
) -> NDArray[np.float16]:
    """Log-probability of each bin in each label, by multinomial naive Bayes; every label counts as equally likely."""
    sums = np.full((BINS, labels), _WORD_SMOOTHING)
    for row, target in zip(rows, targets, strict=True):
        sums[row, target] += bin_values(row, rarity)
    return np.asarray(np.log(sums / sums.sum(axis=0)), dtype=np.float16)


def _calibration(best: NDArray[np.float32], is_right: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Slope and offset that make the best probability the share that is right (Platt's scaling)."""
    if min(int(is_right.sum()), int((~is_right).sum())) < _FEWEST_TO_CALIBRATE:
        return np.array([1.0, 0.0], dtype=np.float32)
    from sklearn.linear_model import LogisticRegression

    curve = LogisticRegression(C=1e3).fit(log_odds(best)[:, None], is_right)
    # A curve that falls would turn the order around: then there is nothing to calibrate by.
    slope = max(float(curve.coef_[0, 0]), 0.05)
    return np.array([slope, float(curve.intercept_[0])], dtype=np.float32)


def _threshold(right: NDArray[np.float32], outside: NDArray[np.float32]) -> float:
    """The highest threshold that refuses at most `MOST_REFUSED` of the right ones.

    With examples out of scope, the one up to there that does best: refused right ones against recognised outside ones.
    """
    if not len(right):
        return 0.0
    highest = float(np.quantile(right, MOST_REFUSED))
    if len(outside) < _FEWEST_OUTSIDE:
        return highest
    candidates = np.unique(np.append(outside[outside < highest], highest))
    gains = [(outside < one).mean() - (right < one).mean() for one in candidates]
    return float(candidates[int(np.argmax(gains))])
