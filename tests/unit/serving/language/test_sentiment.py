"""Tests of sentiment."""

import pytest

from serving.language.outcome import Unavailable, UnavailableReason
from serving.language.sentiment import Sentiment, sentiment_of


class TestSentimentOf:
    @pytest.mark.parametrize(
        ("text", "label"),
        [
            ("I love this, thank you so much!", "positive"),
            ("This is terrible, I am very angry", "negative"),
            ("This is not good at all", "negative"),
            ("Where is the order?", "neutral"),
            ("", "neutral"),
        ],
    )
    def test_english(self, text: str, label: str) -> None:
        found = sentiment_of(text, "en")
        assert isinstance(found, Sentiment)
        assert found.label == label

    @pytest.mark.parametrize(
        ("language", "reason"), [("de", UnavailableReason.LANGUAGE), (None, UnavailableReason.UNKNOWN_LANGUAGE)]
    )
    def test_elsewhere_it_says_that_it_does_not_know(self, language: str | None, reason: UnavailableReason) -> None:
        found = sentiment_of("Das ist schrecklich", language)
        assert isinstance(found, Unavailable)
        assert found.reason is reason
