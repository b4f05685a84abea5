"""Facts in what a person says, by rules: names, order numbers, products, languages and preferences that are spelled out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from storage.postgres.models.conversation_fact import FactKind, FactSubject

MOST_CHARACTERS = 2_000
MOST_FACTS = 10
_MOST_TEXT = 200
_PATTERNS = Path(__file__).with_name("patterns.yaml")
_ORDER = re.compile(r"(?<!\w)(?=[A-Z0-9-]*\d)[A-Z0-9]+(?:-[A-Z0-9]+)*(?!\w)")
_SENTENCE_END = re.compile(r"[.!?;\n]")
_ABOUT_USER = frozenset({FactKind.NAME, FactKind.LANGUAGE, FactKind.PREFERENCE})


@dataclass(frozen=True)
class FoundFact:
    """A fact as it was said. `confidence` is that of the rule, or of the model, which found it."""

    kind: FactKind
    text: str
    confidence: float

    @property
    def subject(self) -> FactSubject:
        """Whether it holds for the person everywhere, or for this conversation."""
        return FactSubject.USER if self.kind in _ABOUT_USER else FactSubject.CONVERSATION


def facts_in(text: str) -> list[FoundFact]:
    """Facts that a person states about themselves or their matter; a question states nothing of that kind.

    Args:
        text: What the person said; only its first 2,000 characters are looked at.
    """
    found: dict[tuple[FactKind, str], FoundFact] = {}
    for fact in _found(text[:MOST_CHARACTERS]):
        found.setdefault((fact.kind, fact.text.casefold()), fact)
    return list(found.values())[:MOST_FACTS]


def _found(text: str) -> Iterator[FoundFact]:
    for kind, confidence, pattern in _patterns():
        for match in pattern.finditer(text):
            said = _SENTENCE_END.split(match["value"])[0].strip(" ,:'\"")
            if kind is FactKind.ORDER_NUMBER and not _ORDER.fullmatch(said.upper()):
                continue
            if said and len(said) <= _MOST_TEXT:
                yield FoundFact(kind, said, confidence)


@lru_cache
def _patterns() -> tuple[tuple[FactKind, float, re.Pattern[str]], ...]:
    listed: dict[str, dict[str, list[str] | float]] = yaml.safe_load(_PATTERNS.read_text(encoding="utf-8"))
    return tuple(
        (FactKind(kind), float(str(entry["confidence"])), re.compile(pattern))
        for kind, entry in listed.items()
        for pattern in _texts(entry["patterns"])
    )


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []
