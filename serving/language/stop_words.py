"""Words that carry no meaning: left out where a question is searched for and where sentences are compared with it.

Which languages have some is part of what the extractive answerer and the search were fitted with: a language more changes
their figures. They tell no language; `ingestion.language.identification` does.
"""

from functools import lru_cache

from ingestion.language.function_words import function_words

LANGUAGES = ("en", "de", "es", "fr")


@lru_cache
def stop_words() -> dict[str, frozenset[str]]:
    """The most frequent function words of each of these languages, by ISO 639-1 code."""
    return {code: function_words()[code] for code in LANGUAGES}


@lru_cache
def all_stop_words() -> frozenset[str]:
    """The stop words of every language together."""
    return frozenset().union(*stop_words().values())
