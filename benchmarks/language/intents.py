"""Intents: right ones in scope and recognised ones out of scope at the one threshold that training chose."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks.figure import figure
from benchmarks.language.sets import IntentSet, banking77, clinc150
from evals.metrics.proportion import proportion
from ingestion.embedding.embedder import default_embedder
from serving.language.intents.judging import judge
from serving.language.intents.training import TrainingSet, train_classifier

LEAST_CLINC, LEAST_OUTSIDE, LEAST_BANKING = 0.92, 0.52, 0.90
MOST_TRAINING_S = 60


def measure_clinc() -> Iterator[dict[str, Any]]:
    """CLINC150 with its out-of-scope requests."""
    yield from _measured(clinc150, LEAST_CLINC)


def measure_banking() -> Iterator[dict[str, Any]]:
    """BANKING77, in which everything is in scope."""
    yield from _measured(banking77, LEAST_BANKING)


def _measured(load: Callable[[], IntentSet], least: float) -> Iterator[dict[str, Any]]:
    data = load()
    training_set = TrainingSet.of(data.train)
    vectors = default_embedder().embed_queries(training_set.texts)
    started = time.perf_counter()
    trained = train_classifier(training_set, vectors)
    seconds = time.perf_counter() - started
    classifier = trained.classifier
    texts, truth = [text for text, _ in data.held_out], [intent for _, intent in data.held_out]
    probabilities = classifier.probabilities(default_embedder().embed_queries(texts), texts)
    found = judge(texts, truth, probabilities, labels=classifier.labels, threshold=classifier.threshold)
    peer = _peer_accuracy(data)
    yield figure(
        f"{data.name}: in-scope accuracy at the threshold",
        found.accuracy,
        "",
        at_least=least,
        spread=_interval(found.accuracy, found.examples),
        accuracy_without_threshold=found.accuracy_without_threshold,
        refused_share=found.refused_share,
        examples=found.examples,
        **_against("logistic regression on TF-IDF, no threshold", peer, found.accuracy),
    )
    if found.out_of_scope_recall is not None:
        yield figure(
            f"{data.name}: out-of-scope recall at the same threshold",
            found.out_of_scope_recall,
            "",
            at_least=LEAST_OUTSIDE,
            spread=_interval(found.out_of_scope_recall, found.out_of_scope_examples),
            examples=found.out_of_scope_examples,
        )
    yield figure(f"{data.name}: calibration error", _calibration_error(probabilities, truth, classifier.labels), "")
    yield figure(f"{data.name}: training without embedding", seconds, "s", at_most=MOST_TRAINING_S, runs=1)


def _peer_accuracy(data: IntentSet) -> float:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    inside = [(text, intent) for text, intent in data.train if intent is not None]
    peer = make_pipeline(TfidfVectorizer(), LogisticRegression(C=10.0, max_iter=200))
    peer.fit([text for text, _ in inside], [intent for _, intent in inside])
    judged = [(text, intent) for text, intent in data.held_out if intent is not None]
    told = peer.predict([text for text, _ in judged])
    return float(np.mean([name == intent for name, (_, intent) in zip(told, judged, strict=True)]))


def _against(peer: str, value: float, ours: float) -> dict[str, Any]:
    return {"peer": peer, "peer_value": round(value, 4), "ratio": round(ours / value, 4)}


def _interval(share: float, count: int) -> tuple[float, float]:
    right = round(share * count)
    found = proportion([True] * right + [False] * (count - right))
    return found.low, found.high


def _calibration_error(probabilities: Any, truth: list[str | None], labels: tuple[str, ...]) -> float:
    """Mean distance between confidence and the share that is right, over ten bands of confidence."""
    confidence = probabilities.max(axis=1)
    is_right = np.array([labels[best] == name for best, name in zip(probabilities.argmax(axis=1), truth, strict=True)])
    bands = np.minimum((confidence * 10).astype(int), 9)
    gaps = [
        (bands == band).mean() * abs(confidence[bands == band].mean() - is_right[bands == band].mean())
        for band in np.unique(bands)
    ]
    return float(sum(gaps))
