"""Finds the words of a text in any script."""

import re
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

LONGEST_WORD = 60

# Han, Kana, Thai, Lao, Myanmar and Khmer are written without spaces between words.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_APOSTROPHES = str.maketrans("’ʼ＇", "'''")


@dataclass(frozen=True, slots=True)
class Word:
    """A word as compared: case folded, in compatibility form. `is_unspaced` runs hold any number of words."""

    text: str
    is_unspaced: bool


def words(text: str) -> Iterator[Word]:
    """The words of a text, in order; an English genitive loses its `'s`, other apostrophes part words."""
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_APOSTROPHES)
    for found in _pattern().finditer(folded):
        if found["unspaced"]:
            yield Word(found["unspaced"], is_unspaced=True)
        elif found["word"]:
            yield Word(found["word"][:LONGEST_WORD], is_unspaced=False)


def without_accents(word: str) -> str:
    """Latin letters without their marks, so that `cafe` finds `café`; other scripts as they are."""
    if word.isascii():
        return word
    return "".join(_base(character) for character in word)


@lru_cache(maxsize=4096)
def _base(character: str) -> str:
    decomposed = unicodedata.normalize("NFD", character)
    return decomposed[0] if decomposed[0].isascii() and decomposed[0].isalpha() else character


@lru_cache
def _pattern() -> re.Pattern[str]:
    """Letters and digits with the marks that stand on them: without these, words of Hindi or Arabic would break."""
    marks = _ranges([code for code in range(0x300, 0x1F000) if unicodedata.category(chr(code)) in ("Mn", "Mc")])
    letter = rf"(?:(?![{_UNSPACED}])[^\W_])"
    mark = rf"(?:(?![{_UNSPACED}])[{marks}])"
    return re.compile(rf"(?P<unspaced>[{_UNSPACED}]+)|(?P<word>{letter}(?:{letter}|{mark})*)(?:'s(?![^\W_]))?")


def _ranges(codes: list[int]) -> str:
    spans: list[list[int]] = []
    for code in codes:
        if spans and code == spans[-1][1] + 1:
            spans[-1][1] = code
        else:
            spans.append([code, code])
    assert codes[-1] <= sys.maxunicode  # noqa: S101 - a range of Unicode by construction
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in spans)
