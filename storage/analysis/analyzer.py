"""What a passage is indexed by, and what a question is looked up by.

A passage is stemmed in its own language, one of an unknown language as English. A question is looked up by the stems of its
own language and, where that cannot be told, of the languages of what is searched: a stem that only few passages could hold
would count as rare, and bring those few to the top.
"""

import itertools
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from storage.analysis import compounds
from storage.analysis.stemming import stem
from storage.analysis.words import Word, words

ANALYZER_VERSION = 1  # raise it when the same text gives other terms: tables are then filled anew from Postgres
MOST_QUERY_WORDS = 64
DEFAULT_LANGUAGE = "en"

_PART = "~"  # no word contains it, so a part is never taken for a whole word


@dataclass(frozen=True, slots=True)
class QueryTerms:
    """`whole` are stems of the question's words, `parts` of what its compounds may be made of; `words` counts its words."""

    whole: tuple[str, ...]
    parts: tuple[str, ...]
    words: int


def passage_terms(heading_path: Sequence[str], text: str, language: str | None) -> str:
    """The terms of a passage, headings included, with a space between two.

    Args:
        heading_path: Headings above the passage.
        text: The passage.
        language: ISO 639-1 code, None when unknown.
    """
    return " ".join(term for part in (*heading_path, text) for term in _terms(part, language))


def terms_key(language: str | None) -> str:
    """Names what made a passage's terms; another key means that they have to be made again."""
    return f"{ANALYZER_VERSION}:{language or '-'}"


def query_terms(query: str, *, languages: Sequence[str], stop_words: Collection[str] = ()) -> QueryTerms:
    """The terms of a question.

    Args:
        query: As typed; only its first `MOST_QUERY_WORDS` words are looked up.
        languages: ISO 639-1 codes of the languages that it may be in; none counts as English.
        stop_words: Words to leave out unless nothing else is left.
    """
    found = list(words(query))
    kept = [word for word in found if word.is_unspaced or word.text not in stop_words] or found
    kept = list(dict.fromkeys(kept))[:MOST_QUERY_WORDS]
    whole = [term for word in kept for term in _lookups(word, languages or (DEFAULT_LANGUAGE,))]
    parts = [
        term
        for word in kept
        if not word.is_unspaced
        for language in languages or compounds.LANGUAGES[:1]
        if language in compounds.LANGUAGES
        for term in _part_lookups(word.text, language, stemmed_as=language if languages else DEFAULT_LANGUAGE)
    ]
    return QueryTerms(tuple(dict.fromkeys(whole)), tuple(dict.fromkeys(parts)), len(kept))


def is_unspaced(query: str) -> bool:
    """Whether most of a text is in a script without spaces between words."""
    letters = sum(len(word.text) for word in words(query))
    return 2 * sum(len(word.text) for word in words(query) if word.is_unspaced) > letters


def _terms(text: str, language: str | None) -> Iterator[str]:
    for word in words(text):
        if word.is_unspaced:
            yield from word.text
            yield from _pairs(word.text)
            continue
        yield stem(word.text, language or DEFAULT_LANGUAGE)
        # A passage that is too short to tell its language may be in one with compounds.
        for part in compounds.parts(word.text, language or compounds.LANGUAGES[0]):
            yield _PART + stem(part, language or DEFAULT_LANGUAGE)


def _lookups(word: Word, languages: Sequence[str]) -> Iterator[str]:
    if word.is_unspaced:
        yield from _pairs(word.text) or word.text
        return
    for language in languages:
        yield stem(word.text, language)


def _part_lookups(word: str, language: str, *, stemmed_as: str) -> Iterator[str]:
    yield _PART + stem(word, stemmed_as)
    for part in compounds.parts(word, language):
        yield _PART + stem(part, stemmed_as)
        # The part may stand alone in a passage.
        yield stem(part, stemmed_as)


def _pairs(run: str) -> list[str]:
    """Two neighbouring characters each; marks stay with what they stand on."""
    clusters: list[str] = []
    for character in run:
        if clusters and unicodedata.category(character) == "Mn":
            clusters[-1] += character
        else:
            clusters.append(character)
    return [first + second for first, second in itertools.pairwise(clusters)]
