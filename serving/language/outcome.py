"""What a part of understanding says when it says nothing: it could not look, or it looked and is not sure."""

import enum
from dataclasses import dataclass


class UnavailableReason(enum.StrEnum):
    """Why a part cannot look at all; stable names that clients see."""

    NO_MODEL = "no_model"
    """No language model is configured."""
    NOT_TRAINED = "not_trained"
    """The bot has no live intent model."""
    OTHER_EMBEDDING_MODEL = "other_embedding_model"
    """The intent model was trained on vectors of another embedding model: train it again."""
    LANGUAGE = "language"
    """Not available in this language."""
    UNKNOWN_LANGUAGE = "unknown_language"
    """The language could not be told."""
    OFF = "off"
    """The bot's settings do not ask for it."""
    FAILED = "failed"
    """The model did not answer, or not in the shape that was asked for."""


@dataclass(frozen=True)
class Unavailable:
    """The part is not available here, and why."""

    reason: UnavailableReason
    detail: str

    def as_json(self) -> dict[str, str]:
        """For receipts and responses."""
        return {"reason": self.reason.value, "detail": self.detail}
