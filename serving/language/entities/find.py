"""All entities of a text, overlaps resolved."""

from collections.abc import Sequence
from datetime import datetime

from serving.language.entities.amounts import find_amounts
from serving.language.entities.dates import find_dates
from serving.language.entities.emails import find_emails
from serving.language.entities.entity import Entity, without_overlaps
from serving.language.entities.order_numbers import find_order_numbers
from serving.language.entities.patterns import EntityPattern, find_patterns
from serving.language.entities.phones import find_phones
from serving.language.entities.places import place_of

MOST_CHARACTERS = 2_000


def find_entities(
    text: str,
    *,
    reference: datetime,
    language: str | None = None,
    region: str | None = None,
    patterns: Sequence[EntityPattern] = (),
) -> tuple[Entity, ...]:
    """Find what a text names.

    Args:
        text: The text; only its first 2,000 characters are looked at.
        reference: The moment that relative dates are counted from, in the time zone of whoever asks.
        language: ISO 639-1 code, None when unknown.
        region: ISO 3166 code of the bot's country; the likeliest of the language unless given.
        patterns: The bot's own patterns; they win over the rest where they overlap.

    Returns:
        Entities in the order of the text, none overlapping.
    """
    sample = text[:MOST_CHARACTERS]
    place = place_of(language, region)
    return tuple(
        without_overlaps(
            [
                *find_patterns(sample, patterns),
                *find_emails(sample),
                *find_phones(sample, place),
                *find_dates(sample, place, reference=reference),
                *find_amounts(sample, place),
                *find_order_numbers(sample),
            ]
        )
    )
