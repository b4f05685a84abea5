"""The most frequent function words of each language: the, der, los."""

import re
from collections import Counter
from functools import lru_cache
from pathlib import Path

import yaml

_LISTS = Path(__file__).with_name("function_words.yaml")
_WORD = re.compile(r"[^\W\d_]+")


@lru_cache
def function_words() -> dict[str, frozenset[str]]:
    """The lists by ISO 639-1 code, case folded."""
    listed: dict[str, str] = yaml.safe_load(_LISTS.read_text(encoding="utf-8"))
    return {code: frozenset(words.split()) for code, words in listed.items()}


@lru_cache
def languages_of_words() -> dict[str, tuple[str, ...]]:
    """The languages that have each function word."""
    found: dict[str, tuple[str, ...]] = {}
    for code, words in function_words().items():
        for word in words:
            found[word] = (*found.get(word, ()), code)
    return found


def words_of(text: str) -> list[str]:
    """The words of a text as the lists hold them; what has digits in it is none."""
    return _WORD.findall(text.casefold())


def counted(words: list[str]) -> Counter[str]:
    """How many of the words are function words of each language."""
    known = languages_of_words()
    return Counter(code for word in words for code in known.get(word, ()))


def shared(words: list[str]) -> dict[str, float]:
    """The same, a word that several languages have counting for each of them in part: `de` tells little, `der` a lot."""
    known = languages_of_words()
    found: dict[str, float] = {}
    for word in words:
        codes = known.get(word, ())
        for code in codes:
            found[code] = found.get(code, 0.0) + 1 / len(codes)
    return found
