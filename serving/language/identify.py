"""Which of the languages with a word list a text is in; abstains when the words do not say."""

import re
from functools import lru_cache
from pathlib import Path

import yaml

_WORD = re.compile(r"[^\W\d_]+", re.UNICODE)
_LISTS = Path(__file__).with_name("stop_words.yaml")


@lru_cache
def stop_words() -> dict[str, frozenset[str]]:
    """The most frequent function words of each language, by ISO 639-1 code."""
    return {code: frozenset(words.split()) for code, words in yaml.safe_load(_LISTS.read_text()).items()}


@lru_cache
def all_stop_words() -> frozenset[str]:
    """The function words of every language together."""
    return frozenset().union(*stop_words().values())


def identify(text: str) -> str | None:
    """ISO 639-1 code of the text's language, None when no list clearly leads.

    Counts function words; a language leads when it has one at least and more than every other.
    """
    words = [word.casefold() for word in _WORD.findall(text)]
    counts = {code: sum(word in listed for word in words) for code, listed in stop_words().items()}
    ranked = sorted(counts.items(), key=lambda item: -item[1])
    (first, most), (_, second) = ranked[0], ranked[1]
    return first if most > second else None
