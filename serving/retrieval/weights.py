"""How much the vector search counts beside full-text search (docs/decisions/0010-hybrid-search.md).

The default embedding model knows English: there both searches are about equally good. In other languages it knows little more
than shared words, in scripts of its own nothing. And the shorter the passages are, the less there is for words to meet in.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

ENGLISH, OTHER, UNSPACED = 0.60, 0.35, 0.12
SHORT_ENGLISH, SHORT_OTHER = 0.85, 0.45
# Mean length of the passages, in tokens of the embedding model: from LONG up, and from SHORT down, it changes nothing.
LONG, SHORT = 65.0, 20.0
_NOTABLE_SHARE = 0.05
ENGLISH_ONLY_MODELS = frozenset({"all-MiniLM-L6-v2"})


@dataclass(frozen=True)
class Corpus:
    """What is known of the passages that are searched: their mean length, and the share of each language."""

    mean_tokens: float
    shares: Mapping[str, float]

    @property
    def english_share(self) -> float:
        """The share in English, of the passages whose language is known; all where none is known."""
        return self.shares.get("en", 0.0) if self.shares else 1.0

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that more than a few passages are in, the most frequent first."""
        found = (code for code, share in self.shares.items() if share >= _NOTABLE_SHARE)
        return tuple(sorted(found, key=lambda code: (-self.shares[code], code)))


def vector_weight(language: str | None, corpus: Corpus, *, is_unspaced: bool, model: str) -> float:
    """The share of the vector search, 0 to 1.

    Args:
        language: The question's language, None when it is not sure.
        corpus: The passages.
        is_unspaced: Whether the question is in a script without spaces.
        model: The embedding model; one that is not known to be of English alone counts as good in every language.
    """
    shortness = math.log(LONG / max(corpus.mean_tokens, 1.0)) / math.log(LONG / SHORT)
    shortness = min(max(shortness, 0.0), 1.0)
    english = ENGLISH + (SHORT_ENGLISH - ENGLISH) * shortness
    if model not in ENGLISH_ONLY_MODELS:
        return english
    if is_unspaced:
        return UNSPACED
    other = OTHER + (SHORT_OTHER - OTHER) * shortness
    if language == "en":
        return english
    if language is not None:
        return other
    # A few words of no telling language are most likely in the language of what they are looked up in.
    return corpus.english_share * english + (1 - corpus.english_share) * other
