"""A question, made ready for both searches."""

import unicodedata
from dataclasses import dataclass

from ingestion.language.identification import identify_language
from serving.language.stop_words import stop_words
from serving.retrieval.errors import QueryInvalidError
from serving.retrieval.weights import Corpus
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


def cleaned(text: str) -> str:
    """A question without what says nothing.

    Raises:
        QueryInvalidError: Nothing is left to search by, or it is longer than `MOST_CHARACTERS`.
    """
    if len(text) > MOST_CHARACTERS:
        raise QueryInvalidError(
            f"The question has {len(text):,} characters; at most {MOST_CHARACTERS:,} are searched for. Shorten it."
        )
    # Control characters, lone halves of surrogate pairs and unassigned code points say nothing.
    kept = "".join(c if c in _KEPT_CONTROLS or unicodedata.category(c)[0] != "C" else " " for c in text).strip()
    if not kept:
        raise QueryInvalidError("The question is empty. Type some words to search for.")
    return kept


def prepare(text: str, corpus: Corpus) -> Query:
    """Take a question apart for the passages that it is asked of; raises as `cleaned`. Blocking: tells its language."""
    kept = cleaned(text)
    language = identify_language(kept).language
    terms = query_terms(
        kept,
        # In a language that no passage is in, words are looked up as the passages have them: names are the same in both.
        languages=(language,) if language in corpus.languages else corpus.languages,
        stop_words=stop_words().get(language or "en", frozenset()),
    )
    return Query(kept, terms, language, is_unspaced(kept))
