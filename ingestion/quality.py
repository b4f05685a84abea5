"""How well a document was read: a score for each page, and whether a new version reads far worse than the current one.

Nothing here needs a model or a dictionary: text that was misread looks unlike words in any language.
"""

import re
from collections.abc import Iterator
from statistics import fmean

from storage.records.parsed_document import BlockKind, PageSpan, ParsedDocument
from storage.records.record import Record

_TOKEN = re.compile(r"\S+")
_LETTERS = re.compile(r"[^\W\d_]+")
_REPLACED = re.compile("[\ufffd\ue000-\uf8ff]")
_VOWEL = re.compile("[aeiouyàáâãäåæèéêëìíîïòóôõöøœùúûüýÿаеёиоуыэюяіїєαεηιουωάέήίόύώ]", re.IGNORECASE)
# Scripts whose words are written with the letters for vowels; others are taken as they are.
_ALPHABETIC = re.compile("[a-z\u00c0-\u024f\u0370-\u03ff\u0400-\u04ff]", re.IGNORECASE)
_MANY_CONSONANTS = re.compile(r"[bcdfghjklmnpqrtvwxz]{6,}", re.IGNORECASE)
_LONGEST_WORD = 35
_SAMPLE_TOKENS = 2000
# One replaced character in twenty makes a page unreadable.
_REPLACED_WEIGHT = 20
_READABLE = 0.5

_MUCH_WORSE = 0.25
_FAR_LESS_TEXT = 0.3
_TABLES_WORTH_NOTING = 3


class PageQuality(Record):
    """One page; `score` from 0 (nothing readable) to 1. `ocr_confidence` is 0 to 100, null for a text layer."""

    number: int
    score: float
    characters: int
    wordlike_share: float
    replaced_share: float
    ocr_confidence: float | None = None


class Quality(Record):
    """A version as it was read. `score` is the mean over its pages, missing ones counted as 0."""

    score: float
    pages: tuple[PageQuality, ...]
    missing_pages: int
    characters: int
    tables: int

    @property
    def readable_pages(self) -> int:
        """Pages with a score of at least a half."""
        return sum(page.score >= _READABLE for page in self.pages)


def quality_of(document: ParsedDocument) -> Quality:
    """How well a document was read.

    A page that is blank and not reported as missing says nothing and is left out of the score. A document without pages
    counts as one.
    """
    spans = document.pages or (PageSpan(number=1, char_start=0, char_end=len(document.text)),)
    pages = tuple(_page(document.text[span.char_start : span.char_end], span) for span in spans)
    missing = len(document.missing_pages)
    scores = [page.score for page in pages if page.characters] + [0.0] * missing
    return Quality(
        score=round(fmean(scores), 4) if scores else 0.0,
        pages=pages,
        missing_pages=missing,
        characters=sum(page.characters for page in pages),
        tables=sum(block.kind is BlockKind.TABLE for block in document.blocks),
    )


def far_worse(new: Quality, current: Quality) -> str | None:
    """Why a version should wait for its owner rather than take the current one's place; None when it need not.

    A document may well become shorter. What gives a bad reading away is that the same pages say less or say it worse.

    Args:
        new: The version that was just read.
        current: The one that people read now.

    Returns:
        A sentence for the owner.
    """
    if new.score < current.score - _MUCH_WORSE:
        return f"it reads far worse: quality {new.score:.2f}, the current version has {current.score:.2f}"
    if new.missing_pages > current.missing_pages and new.readable_pages < current.readable_pages / 2:
        return (
            f"only {new.readable_pages} of its {len(new.pages)} pages can be read, "
            f"{current.readable_pages} of {len(current.pages)} in the current version"
        )
    per_page, before = new.characters / len(new.pages), current.characters / len(current.pages)
    if len(current.pages) > 1 and per_page < _FAR_LESS_TEXT * before:
        return f"its pages hold {per_page:.0f} characters each, those of the current version {before:.0f}"
    if current.tables >= _TABLES_WORTH_NOTING and not new.tables and len(new.pages) >= len(current.pages) / 2:
        return f"none of the current version's {current.tables} tables was found in it"
    return None


def _page(text: str, span: PageSpan) -> PageQuality:
    dense = "".join(text.split())
    replaced = len(_REPLACED.findall(dense)) / max(1, len(dense))
    tokens = [match[0] for _, match in zip(range(_SAMPLE_TOKENS), _TOKEN.finditer(text), strict=False)]
    verdicts = list(_verdicts(tokens))
    wordlike = fmean(verdicts) if verdicts else 1.0
    score = wordlike * max(0.0, 1 - _REPLACED_WEIGHT * replaced) if dense else 0.0
    if span.ocr_confidence is not None:
        score *= span.ocr_confidence / 100
    return PageQuality(
        number=span.number,
        score=round(score, 4),
        characters=len(dense),
        wordlike_share=round(wordlike, 4),
        replaced_share=round(replaced, 4),
        ocr_confidence=span.ocr_confidence,
    )


def _verdicts(tokens: list[str]) -> Iterator[bool]:
    """For each token with letters whether these look like a word: it can be spoken, and has an end."""
    for token in tokens:
        letters = "".join(_LETTERS.findall(token))
        if len(letters) < 3 or letters.isupper():
            continue  # numbers, units, initials and codes are neither good nor bad
        if not _ALPHABETIC.search(letters):
            yield True
        else:
            yield (
                bool(_VOWEL.search(letters)) and len(letters) <= _LONGEST_WORD and not _MANY_CONSONANTS.search(letters)
            )
