"""Names of people: found by a model only, because no rule tells a name from another word with a capital letter."""

import json
import re

from serving.inference.errors import ProviderError
from serving.inference.prompts.tasks import person_names
from serving.inference.provider import JsonSchema
from serving.language.completion import LanguageModel, complete
from serving.language.entities.entity import Entity, EntityKind, without_overlaps
from serving.language.outcome import Unavailable, UnavailableReason

_MOST_CHARACTERS = 2_000
_MOST_NAMES = 100
_LONGEST_NAME = 100
_CONFIDENCE = 0.8
_SCHEMA = JsonSchema(
    "names",
    {
        "type": "object",
        "properties": {"names": {"type": "array", "items": {"type": "string"}}},
        "required": ["names"],
        "additionalProperties": False,
    },
)
NOT_ASKED = Unavailable(
    UnavailableReason.OFF, "Names of people are not looked for; the bot's setting `language.finds_names` turns that on."
)
NO_MODEL = Unavailable(UnavailableReason.NO_MODEL, "Names of people need a language model; none is configured.")


async def find_names(text: str, model: LanguageModel | None) -> tuple[Entity, ...] | Unavailable:
    """Names of people in a text; what the model names and the text does not say word for word is left out."""
    if model is None:
        return NO_MODEL
    sample = text[:_MOST_CHARACTERS]
    try:
        told = await complete(model, person_names(sample), question=sample, schema=_SCHEMA)
        names = json.loads(told or "")["names"]
    except ProviderError as error:
        return Unavailable(UnavailableReason.FAILED, f"The model did not look for names: {error.kind.value}.")
    except (ValueError, KeyError, TypeError, RecursionError):
        return Unavailable(UnavailableReason.FAILED, "The model gave no list of names.")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return Unavailable(UnavailableReason.FAILED, "The model gave no list of names.")
    return tuple(_placed(sample, names[:_MOST_NAMES]))


def _placed(text: str, names: list[str]) -> list[Entity]:
    found = [
        Entity(EntityKind.PERSON, match.start(), match.end(), name, name, _CONFIDENCE)
        for name in dict.fromkeys(names)
        if name.strip() and len(name) <= _LONGEST_NAME and name in text
        for match in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", text)
    ]
    return without_overlaps(found)
