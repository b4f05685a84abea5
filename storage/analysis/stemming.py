"""Word stems by Snowball, for the languages that passages are told apart by."""

from functools import lru_cache

import Stemmer

from storage.analysis.words import without_accents

_ALGORITHMS = {
    "en": "english",
    "de": "german",
    "fr": "french",
    "es": "spanish",
    "it": "italian",
    "pt": "portuguese",
    "nl": "dutch",
}
LANGUAGES = tuple(_ALGORITHMS)


@lru_cache(maxsize=200_000)
def stem(word: str, language: str | None) -> str:
    """The stem of a folded word without accents; of a language without a stemmer, the word itself."""
    if language not in _ALGORITHMS:
        return without_accents(word)
    return without_accents(_stemmer(language).stemWord(word))


@lru_cache
def _stemmer(language: str) -> "Stemmer.Stemmer":
    # Its own cache would be shared by threads without a lock; `stem` has one.
    return Stemmer.Stemmer(_ALGORITHMS[language], 0)
