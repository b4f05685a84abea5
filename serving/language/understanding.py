"""What is understood of a text: each part a finding, an abstention, or the reason why it could not look."""

from dataclasses import dataclass
from typing import Any

from serving.language.entities.entity import Entity
from serving.language.outcome import Unavailable
from serving.language.sentiment import Sentiment


@dataclass(frozen=True)
class IntentFinding:
    """The intent of a text.

    Attributes:
        intent: Its name; None when the text is out of scope.
        confidence: How likely the likeliest intent is, 0 to 1.
        likeliest: Its name, also when it is not sure enough.
        threshold: Confidence that an intent needs to be told.
    """

    intent: str | None
    confidence: float
    likeliest: str
    threshold: float

    @property
    def is_out_of_scope(self) -> bool:
        """Whether no intent is sure enough."""
        return self.intent is None


@dataclass(frozen=True)
class Understanding:
    """Everything that is understood of one text; `without_values` is what a receipt keeps.

    Attributes:
        language: ISO 639-1 code; None when it is not sure.
        language_confidence: Confidence in it, or in the likeliest.
        intent: The intent, or why none was looked for.
        entities: What the text names, in its order, none overlapping.
        names: Why names of people are not among the entities; None when they were looked for.
        sentiment: How it sounds, or why that is not told.
        latencies_ms: Time by part.
    """

    language: str | None
    language_confidence: float
    intent: IntentFinding | Unavailable
    entities: tuple[Entity, ...]
    names: Unavailable | None
    sentiment: Sentiment | Unavailable
    latencies_ms: dict[str, float]

    @property
    def intent_confidence(self) -> float | None:
        """Confidence in the likeliest intent; None when none was looked for."""
        return None if isinstance(self.intent, Unavailable) else self.intent.confidence

    @property
    def is_out_of_scope(self) -> bool | None:
        """Whether the bot is not for this; None when that was not looked at."""
        return None if isinstance(self.intent, Unavailable) else self.intent.is_out_of_scope

    def without_values(self) -> dict[str, Any]:
        """What a receipt keeps: no part of the text, of entities only their kinds and places."""
        found = self.as_json()
        found["entities"] = [one.place() for one in self.entities]
        found["unavailable"] = {part: reason["reason"] for part, reason in found["unavailable"].items()}
        return found

    def as_json(self) -> dict[str, Any]:
        """Plain values, as `UnderstandingOut` describes them. Holds parts of the text, as the message itself does."""
        told = self.intent if isinstance(self.intent, IntentFinding) else None
        felt = self.sentiment if isinstance(self.sentiment, Sentiment) else None
        missing = {"intent": self.intent, "sentiment": self.sentiment, "names": self.names}
        return {
            "language": self.language,
            "language_confidence": self.language_confidence,
            "intent": told.intent if told else None,
            "likeliest_intent": told.likeliest if told else None,
            "intent_confidence": self.intent_confidence,
            "intent_threshold": told.threshold if told else None,
            "is_out_of_scope": self.is_out_of_scope,
            "entities": [one.as_json() for one in self.entities],
            "sentiment": felt.as_json() if felt else None,
            "unavailable": {
                part: reason.as_json() for part, reason in missing.items() if isinstance(reason, Unavailable)
            },
            "latencies_ms": {part: round(ms, 3) for part, ms in self.latencies_ms.items()},
        }
