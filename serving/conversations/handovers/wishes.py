"""Whether a message asks for a person, by its words."""

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import yaml

_PHRASES = Path(__file__).with_name("phrases.yaml")
_SPACES = re.compile(r"\s+")
_FEW_WORDS = r"(?:[\w'’-]+ ){0,3}?"


def asks_for_person(text: str, phrases: Sequence[str] = ()) -> bool:
    """Whether a message asks for a person.

    Args:
        text: The message.
        phrases: Further words that do, of one bot.
    """
    said = _SPACES.sub(" ", text.replace("’", "'")).strip().casefold()
    own = (_SPACES.sub(" ", phrase).strip().casefold() for phrase in phrases)
    return any(pattern.search(said) for pattern in _usual()) or any(
        re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", said) for phrase in own if phrase
    )


@lru_cache
def _usual() -> tuple[re.Pattern[str], ...]:
    by_language: dict[str, list[str]] = yaml.safe_load(_PHRASES.read_text(encoding="utf-8"))
    listed = [phrase for phrases in by_language.values() for phrase in phrases]
    return tuple(re.compile(_whole_words(phrase.replace("* ", _FEW_WORDS))) for phrase in listed)


def _whole_words(pattern: str) -> str:
    return pattern if pattern.startswith("^") else rf"(?<!\w)(?:{pattern})(?!\w)"
