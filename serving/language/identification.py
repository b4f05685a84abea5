"""Which language a text is in, and how sure that is.

This names the language of what people type: short, and often none at all. Documents are long and are read in sandboxed
children with little memory; `ingestion/language.py` names theirs by counting words, and what it says is part of how passages
are indexed, so the two are not one.
"""

import re
import threading
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from serving.language.settings import language_settings

if TYPE_CHECKING:
    from lingua import LanguageDetector

_SAMPLE_CHARACTERS = 400
_FEWEST_LETTERS = 4
_FEWEST_LETTERS_UNSPACED = 2
_MOST_CODE_SHARE = 0.08
# What is in no language: fenced and quoted code, addresses, mail addresses, words with digits or inner marks.
_NO_LANGUAGE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|\w+://\S+|\S+@\S+|\S*[\d_/\\=<>{}]\S*|\S+\(\S*\)", re.DOTALL)
_CODE_MARK = re.compile(r"[{}\[\];=<>|&\\^~_$#]|\(\)|::|->|^\s*(?:def|class|import|return|SELECT|func|var|const)\b", re.MULTILINE)
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")

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
        text: Any text; only its first 400 characters are looked at.

    Returns:
        An ISO 639-1 code among `PIXEL_LANGUAGE_LANGUAGES`, or None.
    """
    sample = _words_only(text[:_SAMPLE_CHARACTERS])
    if sample is None:
        return UNKNOWN
    values = _detector().compute_language_confidence_values(sample)
    best = values[0]
    code = best.language.iso_code_639_1.name.lower()
    sure = best.value >= language_settings().least_confidence
    return Identification(code if sure else None, round(best.value, 4))


def _words_only(sample: str) -> str | None:
    """The words of a sample; None when they say too little of a language, or most of it is code."""
    if len(_CODE_MARK.findall(sample)) > _MOST_CODE_SHARE * len(sample):
        return None
    words = " ".join(_NO_LANGUAGE.sub(" ", sample).split())
    letters = sum(unicodedata.category(character)[0] == "L" for character in words)
    unspaced = len(_UNSPACED.findall(words))
    if letters < _FEWEST_LETTERS and unspaced < _FEWEST_LETTERS_UNSPACED:
        return None
    return words


@lru_cache
def _build(codes: tuple[str, ...]) -> "LanguageDetector":
    from lingua import IsoCode639_1, LanguageDetectorBuilder

    wanted = [getattr(IsoCode639_1, code.upper()) for code in codes]
    return LanguageDetectorBuilder.from_iso_codes_639_1(*wanted).build()


def _detector() -> "LanguageDetector":
    # `lru_cache` alone would let two first questions build one each.
    with _lock:
        return _build(language_settings().codes)
