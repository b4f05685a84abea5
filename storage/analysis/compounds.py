"""Parts of compound words: in German and Dutch `Kündigungsfrist` must be found by `Frist`.

Hyphenation patterns say where a word can be parted, without a dictionary of the language. A part that is no word (such as
`gungsfrist`) costs some space and finds nothing but the same compound.
"""

from functools import lru_cache

from pyphen import Pyphen

LANGUAGES = ("de", "nl")
SHORTEST_WORD = 9
SHORTEST_PART = 4

_PATTERNS = {"de": "de_DE", "nl": "nl_NL"}


@lru_cache(maxsize=100_000)
def parts(word: str, language: str) -> tuple[str, ...]:
    """The beginnings and ends that a compound word may be made of; none for a short word or another language."""
    if language not in _PATTERNS or len(word) < SHORTEST_WORD:
        return ()
    cuts = _hyphenator(language).positions(word)
    heads = [word[:cut] for cut in cuts if cut >= SHORTEST_PART]
    tails = [word[cut:] for cut in cuts if len(word) - cut >= SHORTEST_PART]
    return tuple(dict.fromkeys((*heads, *tails)))


@lru_cache
def _hyphenator(language: str) -> Pyphen:
    return Pyphen(lang=_PATTERNS[language])
