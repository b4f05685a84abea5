"""Tests of understanding a text, and of what is kept of it."""

import json
from datetime import UTC, datetime

import numpy as np
import pytest

from ingestion.embedding.embedder import MiniLmEmbedder
from serving.language.analysis import BotLanguage, analyse, analyse_words, with_intent
from serving.language.intents.classifier import IntentClassifier
from serving.language.intents.training import TrainingSet, train_classifier
from serving.language.outcome import Unavailable, UnavailableReason
from tests.factories.intents import INTENTS, OUTSIDE

EMBEDDER = MiniLmEmbedder()
NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
TEXT = "Where is order AB-12345? Write to ada@example.com"


@pytest.fixture(scope="module")
def classifier() -> IntentClassifier:
    examples = [(text, name) for name, texts in INTENTS.items() for text in texts]
    training_set = TrainingSet.of([*examples, *((text, None) for text in OUTSIDE)])
    return train_classifier(training_set, EMBEDDER.embed_queries(training_set.texts)).classifier


class TestWithIntent:
    def test_it_says_the_same_as_analysing_at_once(self, classifier: IntentClassifier) -> None:
        bot = BotLanguage(classifier)
        at_once = analyse(TEXT, bot, embedder=EMBEDDER, reference=NOW)
        words = analyse_words(TEXT, bot, reference=NOW)
        later = with_intent(words, TEXT, classifier, embedder=EMBEDDER)
        assert (later.intent, later.entities) == (at_once.intent, at_once.entities)
        assert isinstance(words.intent, Unavailable)

    def test_a_vector_that_is_there_is_not_made_again(self, classifier: IntentClassifier) -> None:
        words = analyse_words(TEXT, BotLanguage(classifier), reference=NOW)
        vector = np.asarray(EMBEDDER.embed_queries([TEXT])[0], dtype=np.float32)
        given = with_intent(words, TEXT, classifier, embedder=EMBEDDER, vector=vector)
        made = with_intent(words, TEXT, classifier, embedder=EMBEDDER)
        assert given.intent == made.intent
        assert "embedding" in made.latencies_ms
        assert "embedding" not in given.latencies_ms

    def test_without_a_model_the_reason_stays(self) -> None:
        reason = Unavailable(UnavailableReason.NOT_TRAINED, "none")
        found = analyse(TEXT, BotLanguage(reason), embedder=EMBEDDER, reference=NOW)
        assert found.intent is reason


class TestWithoutValues:
    def test_no_word_of_the_text_is_in_it(self) -> None:
        bot = BotLanguage(Unavailable(UnavailableReason.NOT_TRAINED, "none"))
        kept = analyse(TEXT, bot, embedder=EMBEDDER, reference=NOW).without_values()
        assert [(one["kind"], TEXT[one["start"] : one["end"]]) for one in kept["entities"]] == [
            ("order_number", "AB-12345"),
            ("email", "ada@example.com"),
        ]
        assert all(word not in json.dumps(kept) for word in ("AB-12345", "ada@example.com", "Where"))
        assert kept["unavailable"]["intent"] == "not_trained"
