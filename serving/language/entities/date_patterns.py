"""How dates are written in each language: month and weekday names from Babel, the words around them from a list of ours."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from babel.dates import get_day_names, get_month_names

_WORDS = Path(__file__).with_name("date_words.yaml")
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th|er|\.|º)?"
_YEAR = r"(?P<year>(?:19|20)\d{2})"
_SHORTEST_NAME = 3


@dataclass(frozen=True)
class DatePatterns:
    """What a language's dates look like. Patterns ignore case; names of months and weekdays are looked up case folded."""

    months: dict[str, int]
    weekdays: dict[str, int]
    named: tuple[re.Pattern[str], ...]
    relative: re.Pattern[str]
    days: dict[str, int]
    weekday: re.Pattern[str]
    after_date: re.Pattern[str]


@lru_cache
def languages() -> frozenset[str]:
    """Languages whose dates are found in words; digits are read in every language."""
    return frozenset(_lists())


@lru_cache
def date_patterns(language: str) -> DatePatterns:
    """The patterns of one of `languages()`."""
    words = _lists()[language]
    months = _names(language, get_month_names, range(1, 13))
    weekdays = _names(language, get_day_names, range(7))
    month, weekday = _any(months), _any(weekdays)
    joint = rf"(?:(?:{'|'.join(words['joint'])})\s+)?" if words["joint"] else ""
    named = (
        rf"(?<![\w.]){_DAY}\s?{joint}(?P<month>{month})\.?(?:,?\s{joint}{_YEAR})?(?!\w)",
        rf"(?<!\w)(?P<month>{month})\.?\s{joint}{_DAY}(?:,?\s{_YEAR})?(?!\w|[.,:]\d)",
        rf"(?<!\w)(?P<month>{month})\s{joint}{_YEAR}(?!\w)",
    )
    ahead, behind = (_phrases(words[name], words["units"], weekday) for name in ("next", "last"))
    days: dict[str, int] = words.get("days", {})
    relative = [*words["relative"], *days]
    return DatePatterns(
        months=months,
        weekdays=weekdays,
        named=tuple(re.compile(pattern, re.IGNORECASE) for pattern in named),
        relative=re.compile(rf"(?<!\w)(?:{_phrases(relative, words['units'], weekday)})(?!\w)", re.IGNORECASE),
        days={phrase: int(count) for phrase, count in days.items()},
        weekday=re.compile(
            rf"(?<!\w)(?:(?P<last>{behind})|(?P<next>{ahead})|(?P<plain>{weekday}))(?!\w)", re.IGNORECASE
        ),
        after_date=re.compile(rf",?\s*(?:(?:{'|'.join(words['time'])})\s+)?$", re.IGNORECASE),
    )


@lru_cache
def _lists() -> dict[str, dict[str, Any]]:
    loaded: dict[str, dict[str, Any]] = yaml.safe_load(_WORDS.read_text())
    return loaded


def _names(language: str, get: Callable[..., Mapping[int, str]], keys: range) -> dict[str, int]:
    found: dict[str, int] = {}
    for width in ("wide", "abbreviated"):
        for context in ("format", "stand-alone"):
            names = get(width, context=context, locale=language)
            for key in keys:
                name = names[key].casefold().rstrip(".")
                if len(name) >= _SHORTEST_NAME:
                    found.setdefault(name, key)
    return found


def _any(names: dict[str, int]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


def _phrases(phrases: list[str], units: list[str], weekday: str) -> str:
    """The phrases as alternatives, longest first, so that `day after tomorrow` wins over `tomorrow`."""
    if not phrases:
        return r"(?!)"  # matches nothing
    filled = []
    for phrase in sorted(phrases, key=len, reverse=True):
        words = [
            {"n": r"\d{1,3}", "unit": f"(?:{'|'.join(units)})", "weekday": f"(?:{weekday})"}.get(word, re.escape(word))
            for word in phrase.split()
        ]
        filled.append(r"\s+".join(words))
    return "|".join(filled)
