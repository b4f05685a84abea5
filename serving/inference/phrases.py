"""Sentences of our own, in the languages that we speak."""

from functools import lru_cache
from pathlib import Path

import yaml


@lru_cache
def _phrases() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = yaml.safe_load(Path(__file__).with_name("phrases.yaml").read_text())
    return found


def spoken(language: str | None) -> str:
    """The language that our sentences are in for people of a language: theirs, or English when we do not speak it."""
    return language if language in _phrases()["refusal"] else "en"


def phrase(name: str, language: str | None) -> str:
    """A sentence in a language, in English when we do not speak it.

    Args:
        name: Of the sentence, for example `refusal`.
        language: ISO 639-1 code, None when it is not known.
    """
    return _phrases()[name][spoken(language)]
