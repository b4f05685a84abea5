"""Whether the text layer of a PDF page can be trusted, or the page has to be read from its picture."""

import re

_BAD = re.compile("[\ufffd\ue000-\uf8ff\x00-\x08\x0e-\x1f]")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
_LATIN_WORD = re.compile("[A-Za-z\u00c0-\u024f]{3,}")
_VOWEL = re.compile("[^ ]*?[aeiouyAEIOUY\u00c0-\u024f][^ ]*")  # a word with a vowel
_READABLE = re.compile(r"[^\W_]")
_SAMPLE = 500
_COMMON = (" the ", " of ", " and ", " in ", " to ", " is ", " de ", " la ", " der ", " die ", " und ", " en ", " di ")
_FEWEST_COMMON = 2
_MOST_BAD_SHARE = 0.15
_FEWEST_CHARACTERS = 60
_LEAST_READABLE_SHARE = 0.4
_FEWEST_WORDS = 20
_LEAST_WITH_VOWEL = 0.5
LITTLE_TEXT = 100


def is_garbage(text: str) -> bool:
    """Whether a text is glyph numbers or noise instead of words: a font without a usable table of characters."""
    text = text[:_SAMPLE]  # a page is of one kind
    bad = len(_BAD.findall(text))
    if not bad and sum(word in text for word in _COMMON) >= _FEWEST_COMMON:
        return False
    dense = "".join(text.split())
    if bad > _MOST_BAD_SHARE * len(dense):
        return True
    if len(dense) < _FEWEST_CHARACTERS:
        return False
    if len(_READABLE.findall(dense)) < _LEAST_READABLE_SHARE * len(dense):
        return not any(mark in dense for mark in ("....", "____", "----"))  # forms and tables of contents
    words = _LATIN_WORD.findall(text)
    if len(words) < _FEWEST_WORDS or len(_LATIN.findall(dense)) < 0.5 * len(dense):
        return False
    return len(_VOWEL.findall(" ".join(words))) < _LEAST_WITH_VOWEL * len(words)
