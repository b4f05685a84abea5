"""Dates and times, also relative ones, from where the question stands in time."""

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from serving.language.entities.date_patterns import DatePatterns, date_patterns, languages
from serving.language.entities.entity import Entity, EntityKind
from serving.language.entities.places import Place

_ISO = re.compile(r"(?<![\w-])(?P<year>(?:19|20)\d{2})-(?P<month>\d{2})-(?P<day>\d{2})(?=T\d{2}:|(?!-?\w))")
_NUMERIC = re.compile(
    r"(?<![\w./-])(?P<first>\d{1,2})(?P<mark>[./-])(?P<second>\d{1,2})(?P=mark)(?P<year>(?:19|20)\d{2}|\d{2})(?![\w/-]|\.\d)"
)
_HAN = re.compile(r"(?P<year>(?:19|20)\d{2})年(?P<month>\d{1,2})月(?P<day>\d{1,2})[日号]")
_TIME = re.compile(
    r"(?:(?<![\w:.,])|(?<=\dT))(?:(?P<hour>[01]?\d|2[0-3])[:.](?P<minute>[0-5]\d)(?:\s?(?P<half>[ap])\.?m\b\.?|\s?(?:uhr|h)\b)?"
    r"|(?P<hour2>[01]?\d|2[0-3])\s?(?:(?P<half2>[ap])\.?m\b\.?|uhr\b|h\b))(?![\w:]|[.,]\d)",
    re.IGNORECASE,
)
_CERTAIN, _LIKELY, _ASSUMED = 0.97, 0.85, 0.6
_NOON = 12
_WEEK = 7
_CLOCK_UNITS = re.compile(r"hour|minut|stund|hora|heure|\bor[ae]\b|uur|uren", re.IGNORECASE)
_Found = tuple[int, int, datetime, bool, float]  # start, end, when, whether the time of day counts, confidence


def find_dates(text: str, place: Place, *, reference: datetime) -> Iterator[Entity]:
    """Dates and times in a text.

    Args:
        text: The text.
        place: Says whether the day or the month comes first, and in which language words are read.
        reference: The moment that `tomorrow` is counted from, in the time zone of whoever asks.

    Yields:
        Dates as `2026-11-25`, with a time as `2026-11-25T15:00`, a time alone as `15:00`. A date without a year is the next
        one of its name; its confidence is lower.
    """
    clocks = list(_times(text))
    found = list(_digits(text, place))
    patterns = date_patterns(place.language) if place.language in languages() else None
    if patterns is not None:
        found += _named(text, patterns, reference)
        found += _relative(text, patterns, place.language, reference)
        found += _weekdays(text, patterns, reference)
    for start, end, when, has_time, confidence in _longest(found):
        clock = None if has_time else _clock_after(text, end, clocks, patterns)
        if clock is None:
            value = when.isoformat(timespec="minutes")[:16] if has_time else when.date().isoformat()
            yield Entity(EntityKind.DATE, start, end, text[start:end], value, confidence)
            continue
        clocks.remove(clock)
        value = datetime.combine(when.date(), clock[2]).isoformat(timespec="minutes")
        yield Entity(EntityKind.DATE, start, clock[1], text[start : clock[1]], value, confidence)
    for start, end, at in clocks:
        yield Entity(EntityKind.DATE, start, end, text[start:end], at.isoformat(timespec="minutes"), _ASSUMED)


def _digits(text: str, place: Place) -> Iterator[_Found]:
    for pattern in (_ISO, _HAN):
        for found in pattern.finditer(text):
            when = _date(int(found["year"]), int(found["month"]), int(found["day"]))
            if when is not None:
                yield found.start(), found.end(), when, False, _CERTAIN
    for found in _NUMERIC.finditer(text):
        first, second, year = int(found["first"]), int(found["second"]), int(found["year"])
        year += 2000 if len(found["year"]) == 2 else 0
        # A dot is written between day and month where the day comes first, and nowhere else.
        is_day_first = place.is_day_first or found["mark"] == "."
        day, month = (first, second) if is_day_first else (second, first)
        when, confidence = _date(year, month, day), _CERTAIN
        other = _date(year, day, month)
        if when is None:
            when = other
        elif other is not None and day != month and not place.is_given and found["mark"] != ".":
            confidence = _ASSUMED
        if when is not None:
            yield found.start(), found.end(), when, False, confidence


def _named(text: str, patterns: DatePatterns, reference: datetime) -> Iterator[_Found]:
    for pattern in patterns.named:
        for found in pattern.finditer(text):
            groups = found.groupdict()
            month, day = patterns.months[found["month"].casefold()], int(groups.get("day") or 1)
            if groups["year"]:
                when, confidence = _date(int(groups["year"]), month, day), _CERTAIN
                confidence = confidence if groups.get("day") else _ASSUMED
            else:
                when, confidence = _next_named(month, day, reference), _LIKELY
            if when is not None:
                yield found.start(), found.end(), when, False, confidence


def _relative(text: str, patterns: DatePatterns, language: str, reference: datetime) -> Iterator[_Found]:
    for found in patterns.relative.finditer(text):
        days = patterns.days.get(" ".join(found[0].casefold().split()))
        when = _parsed(found[0], language, reference) if days is None else reference + timedelta(days=days)
        if when is not None:
            yield found.start(), found.end(), when, _CLOCK_UNITS.search(found[0]) is not None, _LIKELY


def _weekdays(text: str, patterns: DatePatterns, reference: datetime) -> Iterator[_Found]:
    today = reference.weekday()
    for found in patterns.weekday.finditer(text):
        name = next(name for name in sorted(patterns.weekdays, key=len, reverse=True) if name in found[0].casefold())
        ahead = (patterns.weekdays[name] - today - 1) % _WEEK + 1  # today's own name means a week from now
        back = (today - patterns.weekdays[name] - 1) % _WEEK + 1
        days = -back if found["last"] else ahead
        confidence = _ASSUMED if found["plain"] else _LIKELY
        yield found.start(), found.end(), reference + timedelta(days=days), False, confidence


def _times(text: str) -> Iterator[tuple[int, int, time]]:
    for found in _TIME.finditer(text):
        hour, minute = int(found["hour"] or found["hour2"]), int(found["minute"] or 0)
        half = (found["half"] or found["half2"] or "").casefold()
        if half and not 1 <= hour <= _NOON:
            continue
        # 3.50 is a price or a length more often than a time: a dot needs a word after it.
        if found["hour"] and text[found.end("hour")] == "." and found[0][-1].isdigit():
            continue
        if half:
            hour = hour % _NOON + (_NOON if half == "p" else 0)
        yield found.start(), found.end(), time(hour, minute)


def _clock_after(
    text: str, end: int, clocks: list[tuple[int, int, time]], patterns: DatePatterns | None
) -> tuple[int, int, time] | None:
    """The time of day that belongs to a date, if one follows it directly."""
    between = patterns.after_date if patterns is not None else re.compile(r"[,T]?\s*$")
    return next((c for c in clocks if c[0] >= end and between.fullmatch(text[end : c[0]].replace("T", ""))), None)


def _longest(found: list[_Found]) -> list[_Found]:
    kept: list[_Found] = []
    for one in sorted(found, key=lambda f: (f[0] - f[1], -f[4])):
        if all(one[1] <= other[0] or one[0] >= other[1] for other in kept):
            kept.append(one)
    return sorted(kept)


def _parsed(phrase: str, language: str, reference: datetime) -> datetime | None:
    import dateparser

    found: datetime | None = dateparser.parse(
        phrase,
        languages=[language],
        settings={"RELATIVE_BASE": reference.replace(tzinfo=None), "RETURN_AS_TIMEZONE_AWARE": False},
    )
    return found


def _next_named(month: int, day: int, reference: datetime) -> datetime | None:
    years = range(reference.year, reference.year + 5)  # the 29th of February comes every four years
    dates = (_date(year, month, day) for year in years)
    return next((when for when in dates if when is not None and when.date() >= reference.date()), None)


def _date(year: int, month: int, day: int) -> datetime | None:
    try:
        return datetime.combine(date(year, month, day), time())
    except ValueError:
        return None
