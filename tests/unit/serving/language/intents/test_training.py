"""Tests of learning intents, on real sentence vectors."""

import io

import numpy as np
import pytest

from ingestion.embedding.embedder import default_embedder
from serving.language.intents.classifier import IntentClassifier
from serving.language.intents.training import MOST_REFUSED, Trained, TrainingSet, train_classifier, training_digest
from tests.factories.intents import INTENTS, OUTSIDE

EXAMPLES: list[tuple[str, str | None]] = [
    *((text, name) for name, texts in INTENTS.items() for text in texts),
    *((text, None) for text in OUTSIDE),
]


@pytest.fixture(scope="module")
def trained() -> Trained:
    training_set = TrainingSet.of(EXAMPLES)
    return train_classifier(training_set, default_embedder().embed_queries(training_set.texts))


def told(classifier: IntentClassifier, text: str) -> tuple[str, bool]:
    """The likeliest intent, and whether it is sure enough."""
    found = classifier.classify(default_embedder().embed_queries([text])[0], text)
    return found.label, found.probability >= classifier.threshold


class TestTrainClassifier:
    @pytest.mark.parametrize(
        ("text", "label"),
        [("my parcel is late, where is it", "track_order"), ("forgot the password again", "reset_password")],
    )
    def test_unseen_texts_are_recognised(self, trained: Trained, text: str, label: str) -> None:
        assert told(trained.classifier, text) == (label, True)

    @pytest.mark.parametrize("text", ["Who wrote Hamlet?", "xyzzy", "", "1234567"])
    def test_what_is_out_of_scope_is_refused(self, trained: Trained, text: str) -> None:
        assert not told(trained.classifier, text)[1]

    def test_the_threshold_refuses_few_right_ones(self, trained: Trained) -> None:
        metrics = trained.metrics
        assert metrics.accuracy >= metrics.accuracy_without_threshold * (1 - MOST_REFUSED) - 1 / metrics.examples
        assert metrics.out_of_scope_recall is not None
        assert metrics.out_of_scope_recall >= 0.8

    def test_the_same_examples_give_the_same_classifier(self, trained: Trained) -> None:
        training_set = TrainingSet.of(EXAMPLES)
        again = train_classifier(training_set, default_embedder().embed_queries(training_set.texts))
        assert again.classifier.threshold == pytest.approx(trained.classifier.threshold, abs=1e-3)
        np.testing.assert_allclose(again.classifier.weights.vector, trained.classifier.weights.vector, atol=1e-3)

    def test_two_intents_are_enough(self) -> None:
        few: list[tuple[str, str | None]] = [
            (text, name) for text, name in EXAMPLES if name in ("track_order", "opening_hours")
        ]
        training_set = TrainingSet.of(few)
        found = train_classifier(training_set, default_embedder().embed_queries(training_set.texts))
        assert told(found.classifier, "where is my parcel")[0] == "track_order"
        assert told(found.classifier, "are you open at night")[0] == "opening_hours"
        assert found.metrics.out_of_scope_recall is None


class TestBytes:
    def test_they_give_the_same_classifier_back(self, trained: Trained) -> None:
        ours = trained.classifier
        again = IntentClassifier.from_bytes(ours.to_bytes(), labels=ours.labels, threshold=ours.threshold)
        assert told(again, "where is my parcel") == told(ours, "where is my parcel")

    def test_pickles_are_not_read(self) -> None:
        buffer = io.BytesIO()
        np.savez(buffer, vector=np.array([{"a": 1}], dtype=object))
        with pytest.raises((ValueError, KeyError)):
            IntentClassifier.from_bytes(buffer.getvalue(), labels=("a",), threshold=0.5)

    def test_other_labels_are_refused(self, trained: Trained) -> None:
        with pytest.raises(ValueError, match="expected"):
            IntentClassifier.from_bytes(trained.classifier.to_bytes(), labels=("a",), threshold=0.5)


class TestDigest:
    def test_it_follows_the_examples_and_not_their_order(self) -> None:
        assert training_digest(EXAMPLES) == training_digest(EXAMPLES[::-1])
        assert training_digest(EXAMPLES) != training_digest(EXAMPLES[1:])
