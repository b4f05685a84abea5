"""Phone numbers, by the numbering plans of the world."""

import re
from collections.abc import Iterator

from serving.language.entities.entity import Entity, EntityKind
from serving.language.entities.places import Place

_FEWEST_DIGITS = 6
_DIGIT = re.compile(r"\d")
_INTERNATIONAL = 0.98
_REGION_GIVEN = 0.9
_REGION_GUESSED = 0.7


def find_phones(text: str, place: Place) -> Iterator[Entity]:
    """Numbers that are valid where they would be dialled; the value is in E.164.

    Args:
        text: The text.
        place: A number without its country is one of this region.
    """
    if len(_DIGIT.findall(text)) < _FEWEST_DIGITS:
        return
    from phonenumbers import Leniency, PhoneNumberFormat, PhoneNumberMatcher, format_number

    for found in PhoneNumberMatcher(text, place.region, leniency=Leniency.VALID):
        if found.raw_string.lstrip().startswith("+"):
            confidence = _INTERNATIONAL
        else:
            confidence = _REGION_GIVEN if place.is_given else _REGION_GUESSED
        value = format_number(found.number, PhoneNumberFormat.E164)
        yield Entity(EntityKind.PHONE, found.start, found.end, found.raw_string, value, confidence)
