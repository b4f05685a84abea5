"""Which language a text is in, and how sure that is: one identifier for questions and documents.

What people type is short, and often in no language at all: a detector and function words tell it together. Documents are
long, and are read in sandboxed children with little memory: there are so many words in them that counting is enough, and the
detector is never loaded.
"""

import math
import re
import threading
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from ingestion.language.function_words import counted, languages_of_words, shared, words_of
from ingestion.language.settings import language_settings

if TYPE_CHECKING:
    from lingua import LanguageDetector

_SAMPLE_CHARACTERS = 120
_FEWEST_LETTERS = 4
_FEWEST_LETTERS_UNSPACED = 2
_MOST_CODE_SHARE = 0.08
# Thai to Khmer, Kana, Han and Hangul: here a run without spaces is a sentence and not a word.
_UNSPACED_RANGE = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uff00-\uffef"
)
_UNSPACED = re.compile(f"[{_UNSPACED_RANGE}]")
_DENSE = rf"[^\s{_UNSPACED_RANGE}]"
# What is in no language: fenced and quoted code, addresses, mail addresses, words with digits or marks of code in them.
_NO_LANGUAGE = re.compile(
    rf"```.*?(?:```|\Z)|`[^`\n]*`|\w+://{_DENSE}+|{_DENSE}+@{_DENSE}+|{_DENSE}*[\d_/\\=<>{{}}]{_DENSE}*|\w+\([^\s)]*\)",
    re.DOTALL,
)
_CODE_MARK = re.compile(r"[{}\[\];=<>|&\\^~_$#]|\(\)|::|->")
_CODE_START = re.compile(
    r"^\s*(?:def \w+\(|class \w+[:(]|import \w+$|from \w+ import |return .*;|SELECT .+ FROM |func \w+\(|(?:var|const|let) \w+ ?=)",
    re.MULTILINE,
)
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]+")
_LEAST_UNSPACED_SHARE = 0.25

# Fitted on half of XQuAD's paragraphs: how much a function word weighs against the detector, whose figures are too sure of
# names of people and places, and not sure enough of short sentences.
_WORD_WEIGHT = 1.5
_DETECTOR_WEIGHT = 0.8
_LEAST_VALUE = 1e-4
_MOST_KEPT = 4_000
_PROSE_CHARACTERS = 20_000
_FEWEST_WORDS = 20
_LEAST_SHARE = 0.15
_LEAST_LEAD = 1.3
_NOBODY = (("", 0.0), ("", 0.0))
_FEWEST_OF_SECOND = 2  # function words of a second language, and of no other, that make a text mixed

_lock = threading.Lock()


@dataclass(frozen=True)
class Identification:
    """A language and the confidence in it; without a language, the confidence in the likeliest."""

    language: str | None
    confidence: float


UNKNOWN = Identification(None, 0.0)


def identify_language(text: str) -> Identification:
    """Name the language of a text.

    Abstains on what is too short or in no language (numbers, code, emoji, addresses), on a mixture, and below the
    confidence of `PIXEL_LANGUAGE_LEAST_CONFIDENCE`. The first call loads the detector, which takes some tenths of a second.

    Args:
        text: Any text; only its first 120 characters are looked at.

    Returns:
        An ISO 639-1 code among `PIXEL_LANGUAGE_LANGUAGES`, or None.
    """
    return _identified(text[:_SAMPLE_CHARACTERS])


def forget() -> None:
    """Forget what was told of texts before: for measurements, which would find everything told already."""
    _identified.cache_clear()


def identify_prose(text: str) -> str | None:
    """Name the language of a long text by its function words alone, without the detector.

    Args:
        text: Any text; only its first 20,000 characters are looked at.

    Returns:
        An ISO 639-1 code; None for a text of fewer than 20 words, a mixed one, or one in a language without a list.
    """
    words = words_of(text[:_PROSE_CHARACTERS])
    if len(words) < _FEWEST_WORDS:
        return None
    ranked = sorted(shared(words).items(), key=lambda item: -item[1])
    (code, most), (_, second) = (*ranked, *_NOBODY)[:2]
    is_language = counted(words)[code] >= _LEAST_SHARE * len(words)
    return code if is_language and most >= _LEAST_LEAD * second else None


# What is asked in a conversation is looked at again with every question that may lean on it.
@lru_cache(maxsize=_MOST_KEPT)
def _identified(text: str) -> Identification:
    sample = _words_only(text)
    if sample is None:
        return UNKNOWN
    hits = counted(words_of(sample))
    if _is_mixed(sample):
        return UNKNOWN
    scores = {
        value.language.iso_code_639_1.name.lower(): max(value.value, _LEAST_VALUE) ** _DETECTOR_WEIGHT
        for value in detector().compute_language_confidence_values(sample)
    }
    weighed = {code: score * math.exp(_WORD_WEIGHT * hits.get(code, 0)) for code, score in scores.items()}
    code = max(weighed, key=lambda one: weighed[one])
    confidence = weighed[code] / sum(weighed.values())
    sure = confidence >= language_settings().least_confidence
    return Identification(code if sure else None, round(confidence, 4))


def _is_mixed(sample: str) -> bool:
    """Whether words that only one language has are of two languages, neither of them a guest in the other's sentence."""
    known = languages_of_words()
    owners = [known.get(word, ()) for word in words_of(sample)]
    ranked = Counter(codes[0] for codes in owners if len(codes) == 1).most_common(2)
    return len(ranked) > 1 and ranked[1][1] >= max(_FEWEST_OF_SECOND, ranked[0][1] / 2)


def _words_only(sample: str) -> str | None:
    """The words of a sample; None when they say too little of a language, or most of it is code."""
    if len(_CODE_MARK.findall(sample)) > _MOST_CODE_SHARE * len(sample) or _CODE_START.search(sample):
        return None
    words = " ".join(_NO_LANGUAGE.sub(" ", sample).split())
    letters = sum(unicodedata.category(character)[0] == "L" for character in words)
    unspaced = len(_UNSPACED.findall(words))
    if letters < _FEWEST_LETTERS and unspaced < _FEWEST_LETTERS_UNSPACED:
        return None
    if unspaced >= max(_FEWEST_LETTERS_UNSPACED, _LEAST_UNSPACED_SHARE * letters):
        # A foreign name has several letters for each of these signs, and would outweigh the sentence around it.
        return _LATIN.sub(" ", words)
    return words


@lru_cache
def _build(codes: tuple[str, ...]) -> "LanguageDetector":
    from lingua import IsoCode639_1, LanguageDetectorBuilder

    wanted = [getattr(IsoCode639_1, code.upper()) for code in codes]
    return LanguageDetectorBuilder.from_iso_codes_639_1(*wanted).build()


def detector() -> "LanguageDetector":
    """The detector of the languages that are set; the first call loads it."""
    # `lru_cache` alone would let two first questions build one each.
    with _lock:
        return _build(language_settings().codes)
