"""Whether a text is pleased or displeased: English only, by VADER's rules and word list.

Other languages have no measured model here, so the answer is `Unavailable` and not a guess.
"""

import enum
import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from serving.language.outcome import Unavailable, UnavailableReason

if TYPE_CHECKING:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

LANGUAGE = "en"
# VADER's own border for a sentence is 0.05, where one weak word decides; what lies below ours is called neutral.
LEAST_STRENGTH = 0.3
_MOST_CHARACTERS = 2_000

_lock = threading.Lock()


class SentimentLabel(enum.StrEnum):
    """How a text sounds; `neutral` also stands for what is too weak to say."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"


@dataclass(frozen=True)
class Sentiment:
    """`score` goes from -1 (very displeased) to 1 (very pleased)."""

    label: SentimentLabel
    score: float

    def as_json(self) -> dict[str, Any]:
        """For receipts and responses."""
        return {"label": self.label.value, "score": self.score}


def sentiment_of(text: str, language: str | None) -> Sentiment | Unavailable:
    """The sentiment of a text.

    Args:
        text: The text; only its first 2,000 characters are looked at.
        language: ISO 639-1 code, None when unknown.
    """
    if language is None:
        return Unavailable(UnavailableReason.UNKNOWN_LANGUAGE, "Sentiment needs to know the language of the text.")
    if language != LANGUAGE:
        return Unavailable(UnavailableReason.LANGUAGE, f"Sentiment is available for English, not for `{language}`.")
    with _lock:
        analyzer = _analyzer()
    score = float(analyzer.polarity_scores(text[:_MOST_CHARACTERS])["compound"])
    if abs(score) < LEAST_STRENGTH:
        label = SentimentLabel.NEUTRAL
    else:
        label = SentimentLabel.POSITIVE if score > 0 else SentimentLabel.NEGATIVE
    return Sentiment(label, score)


@lru_cache
def _analyzer() -> "SentimentIntensityAnalyzer":
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()
