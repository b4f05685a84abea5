"""A question, made ready for both searches."""

import unicodedata
from dataclasses import dataclass

from serving.language.identify import identify, stop_words
from serving.retrieval.errors import QueryInvalidError
from storage.analysis.analyzer import QueryTerms, is_unspaced, query_terms

MOST_CHARACTERS = 8_000
_KEPT_CONTROLS = "\t\n\r"


@dataclass(frozen=True)
class Query:
    """The question as it is embedded, its terms, and its language when that is sure."""

    text: str
    terms: QueryTerms
    language: str | None
    is_unspaced: bool


def prepare(text: str) -> Query:
    """Clean a question and take it apart.

    Raises:
        QueryInvalidError: Nothing is left to search by, or it is longer than `MOST_CHARACTERS`.
    """
    if len(text) > MOST_CHARACTERS:
        raise QueryInvalidError(
            f"The question has {len(text):,} characters; at most {MOST_CHARACTERS:,} are searched for. Shorten it."
        )
    # Control characters, lone halves of surrogate pairs and unassigned code points say nothing.
    cleaned = "".join(c if c in _KEPT_CONTROLS or unicodedata.category(c)[0] != "C" else " " for c in text).strip()
    if not cleaned:
        raise QueryInvalidError("The question is empty. Type some words to search for.")
    language = identify(cleaned)
    terms = query_terms(cleaned, language=language, stop_words=stop_words().get(language or "en", frozenset()))
    return Query(cleaned, terms, language, is_unspaced(cleaned))
