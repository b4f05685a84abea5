"""What a passage is indexed by, and what a question is looked up by.

A passage is stemmed in its own language. The language of a short question cannot be told for sure, so its words are looked
up in every stem that a passage could have; a passage holds one of them at most.
"""

import itertools
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from storage.analysis import compounds
from storage.analysis.stemming import LANGUAGES, stem
from storage.analysis.words import Word, without_accents, words

ANALYZER_VERSION = 1  # raise it when the same text gives other terms: tables are then filled anew from Postgres
MOST_QUERY_WORDS = 64

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


def query_terms(query: str, *, language: str | None, stop_words: Collection[str] = ()) -> QueryTerms:
    """The terms of a question.

    Args:
        query: As typed; only its first `MOST_QUERY_WORDS` words are looked up.
        language: ISO 639-1 code when it is sure.
        stop_words: Words to leave out unless nothing else is left.
    """
    found = list(words(query))
    kept = [word for word in found if word.is_unspaced or word.text not in stop_words] or found
    kept = list(dict.fromkeys(kept))[:MOST_QUERY_WORDS]
    whole = [term for word in kept for term in _lookups(word)]
    parts = [
        term
        for word in kept
        if not word.is_unspaced
        for of in compounds.LANGUAGES
        if language in (None, of)
        for term in _part_lookups(word.text, of)
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
        yield stem(word.text, language)
        if language is not None:
            for part in compounds.parts(word.text, language):
                yield _PART + stem(part, language)


def _lookups(word: Word) -> Iterator[str]:
    if word.is_unspaced:
        yield from _pairs(word.text) or word.text
        return
    yield without_accents(word.text)
    for language in LANGUAGES:
        yield stem(word.text, language)


def _part_lookups(word: str, language: str) -> Iterator[str]:
    yield _PART + stem(word, language)
    for part in compounds.parts(word, language):
        yield _PART + stem(part, language)
        # The part may stand alone in a passage.
        yield stem(part, language)


def _pairs(run: str) -> list[str]:
    """Two neighbouring characters each; marks stay with what they stand on."""
    clusters: list[str] = []
    for character in run:
        if clusters and unicodedata.category(character) == "Mn":
            clusters[-1] += character
        else:
            clusters.append(character)
    return [first + second for first, second in itertools.pairwise(clusters)]
