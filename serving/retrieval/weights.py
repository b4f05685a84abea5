"""How much the vector search counts beside full-text search (docs/decisions/0010-hybrid-search.md).

The default embedding model knows English: there both searches are about equally good. In other languages it knows little more
than shared words, in scripts of its own nothing. And the shorter the passages are, the less there is for words to meet in.
"""

import math
from dataclasses import dataclass

from serving.retrieval.query import Query

ENGLISH, OTHER, UNSPACED = 0.60, 0.35, 0.12
SHORT_ENGLISH, SHORT_OTHER = 0.85, 0.45
# Mean length of the passages, in tokens of the embedding model: from LONG up, and from SHORT down, it changes nothing.
LONG, SHORT = 65.0, 20.0
ENGLISH_ONLY_MODELS = frozenset({"all-MiniLM-L6-v2"})


@dataclass(frozen=True)
class Corpus:
    """What is known of the passages that are searched: their mean length, and the share that is in English."""

    mean_tokens: float
    english_share: float


def vector_weight(query: Query, corpus: Corpus, *, model: str) -> float:
    """The share of the vector search, 0 to 1.

    Args:
        query: The question.
        corpus: The passages.
        model: The embedding model; one that is not known to be of English alone counts as good in every language.
    """
    shortness = math.log(LONG / max(corpus.mean_tokens, 1.0)) / math.log(LONG / SHORT)
    shortness = min(max(shortness, 0.0), 1.0)
    english = ENGLISH + (SHORT_ENGLISH - ENGLISH) * shortness
    if model not in ENGLISH_ONLY_MODELS:
        return english
    if query.is_unspaced:
        return UNSPACED
    other = OTHER + (SHORT_OTHER - OTHER) * shortness
    if query.language == "en":
        return english
    if query.language is not None:
        return other
    # A few words of no telling language are most likely in the language of what they are looked up in.
    return corpus.english_share * english + (1 - corpus.english_share) * other
