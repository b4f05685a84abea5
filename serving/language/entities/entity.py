"""An entity: a stretch of a text that means something by itself."""

import enum
from dataclasses import dataclass
from typing import Any


class EntityKind(enum.StrEnum):
    """What an entity is; entities of a bot's own patterns have the pattern's name instead."""

    EMAIL = "email"
    PHONE = "phone"
    DATE = "date"
    AMOUNT = "amount"
    ORDER_NUMBER = "order_number"
    PERSON = "person"


@dataclass(frozen=True)
class Entity:
    """One entity.

    Attributes:
        kind: An `EntityKind`, or the name of a pattern of the bot.
        start: First character in the text.
        end: Character after the last.
        text: The text between the two, as written.
        value: Normalised: E.164 for a phone number, ISO 8601 for a date, `1234.56 EUR` for an amount.
        confidence: 0 to 1; below 1 when something had to be assumed, such as the order of day and month.
        is_custom: Found by a pattern of the bot.
    """

    kind: str
    start: int
    end: int
    text: str
    value: str
    confidence: float
    is_custom: bool = False

    def place(self) -> dict[str, Any]:
        """Kind and place without what is written there: what outlives the text that it is of."""
        return {
            "kind": str(self.kind),
            "start": self.start,
            "end": self.end,
            "confidence": round(self.confidence, 4),
            "is_custom": self.is_custom,
        }

    def as_json(self) -> dict[str, Any]:
        """For receipts and responses."""
        return {
            "kind": str(self.kind),
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "value": self.value,
            "confidence": round(self.confidence, 4),
            "is_custom": self.is_custom,
        }


def without_overlaps(found: list[Entity]) -> list[Entity]:
    """Entities in the order of the text; of overlapping ones the bot's own, then the surest, then the longest stays."""
    kept: list[Entity] = []
    for one in sorted(found, key=lambda e: (not e.is_custom, -e.confidence, e.start - e.end, e.start)):
        if all(one.end <= other.start or one.start >= other.end for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda e: e.start)
