"""Whether a question leans on an earlier one, by its words, and how: an ellipsis, a pronoun, or a way back to a topic."""

import enum
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from ingestion.language.identification import identify_language
from serving.language.stop_words import stop_words

_LISTS = Path(__file__).with_name("follow_up_words.yaml")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_EDGES = " \t\n,;:.!?¿¡–-…\"'"
_DEFAULT = "en"
# An ellipsis names what is different and nothing else; longer ones have a verb of their own.
_MOST_WORDS_OF_ELLIPSIS = 6
# "The tank leaks, can I fix it?" says itself what it means: so much before a pronoun is what it stands for.
_MOST_NAMED_BEFORE = 1


class Leaning(enum.StrEnum):
    """How a question leans on another one."""

    ELLIPSIS = "ellipsis"
    PRONOUN = "pronoun"
    RETURN = "return"
    BARE = "bare"


@dataclass(frozen=True)
class FollowUp:
    """A question that does not stand alone; `rest` is what it says itself, without "and" and "what about"."""

    leaning: Leaning
    rest: str
    language: str


@dataclass(frozen=True)
class _Words:
    connectives: frozenset[str]
    openers: tuple[str, ...]
    returns: re.Pattern[str]
    prepositions: frozenset[str]
    asking: frozenset[str]
    pronouns: re.Pattern[str]
    expletives: re.Pattern[str]
    vague: frozenset[str]


def language_of(question: str, before: str = "") -> str:
    """The language by whose words a question is judged: its own, else that of the one before."""
    known = _words()
    named = (identify_language(text).language for text in (question, before))
    return next((code for code in named if code in known), _DEFAULT)


def follow_up(question: str, *, before: str = "") -> FollowUp | None:
    """How a question leans on an earlier one; None for one that stands alone. Blocking: tells languages.

    Args:
        question: The question.
        before: The question before it, for the language of a question that is too short to tell.
    """
    language = language_of(question, before)
    words = _words()[language]
    said = question.strip(_EDGES)
    if words.returns.match(said.casefold()):
        return FollowUp(Leaning.RETURN, question.strip(), language)
    rest = _without_connectives(said, words)
    opener = next((one for one in words.openers if rest.casefold().startswith(one)), None)
    if opener is not None:
        named = rest[len(opener) :].strip(_EDGES)
        return FollowUp(Leaning.ELLIPSIS, named, language) if named else None
    if _is_ellipsis(rest, words, had_connective=rest != said):
        return FollowUp(Leaning.ELLIPSIS, rest, language)
    if not named_words(rest, language):
        return FollowUp(Leaning.BARE, rest, language)
    return FollowUp(Leaning.PRONOUN, rest, language) if _has_pronoun(rest, words, language) else None


def named_words(text: str, language: str) -> list[str]:
    """Words that name what is asked about, as they stand in the text."""
    vague = _words()[language].vague
    words = (match[0] for match in _WORD.finditer(text))
    return [word for word in words if _is_content(word, language) and word.casefold() not in vague]


def _is_content(word: str, language: str) -> bool:
    folded = word.casefold()
    return folded not in stop_words()[language] and folded not in _words()[language].asking


def _without_connectives(text: str, words: _Words) -> str:
    rest = text
    while (first := _WORD.match(rest)) and first[0].casefold() in words.connectives:
        rest = rest[first.end() :].strip(_EDGES)
    return rest or text


def _is_ellipsis(rest: str, words: _Words, *, had_connective: bool) -> bool:
    found = [match[0].casefold() for match in _WORD.finditer(rest)]
    if not found or len(found) > _MOST_WORDS_OF_ELLIPSIS or any(word in words.asking for word in found[:1]):
        return False
    if found[0] in words.prepositions:
        # "For how long is it valid?" begins with a preposition and is a question of its own.
        return not any(word in words.asking for word in found[1:])
    return had_connective and not any(word in words.asking for word in found)


def _has_pronoun(text: str, words: _Words, language: str) -> bool:
    plain = words.expletives.sub(lambda match: " " * len(match[0]), text)
    match = words.pronouns.search(plain)
    return match is not None and len(named_words(plain[: match.start()], language)) <= _MOST_NAMED_BEFORE


@lru_cache
def _words() -> dict[str, _Words]:
    listed: dict[str, dict[str, Any]] = yaml.safe_load(_LISTS.read_text(encoding="utf-8"))
    return {code: _compiled(entry) for code, entry in listed.items()}


def _compiled(entry: dict[str, Any]) -> _Words:
    return _Words(
        connectives=frozenset(entry["connectives"].split()),
        openers=tuple(sorted(entry["openers"], key=len, reverse=True)),
        returns=re.compile("|".join(f"(?:{one})" for one in entry["returns"])),
        prepositions=frozenset(entry["prepositions"].split()),
        asking=frozenset(entry["asking"].split()),
        # German tells "sie" from "Sie" by the capital, so the case counts.
        pronouns=re.compile("|".join(entry["pronouns"])),
        expletives=re.compile("|".join(entry["expletives"]), re.IGNORECASE),
        vague=frozenset(entry["vague"].split()),
    )
