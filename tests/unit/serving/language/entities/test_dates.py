"""Tests of dates and times."""

from datetime import UTC, datetime

import pytest

from serving.language.entities.date_patterns import _lists, date_patterns, languages
from serving.language.entities.dates import _parsed, find_dates
from serving.language.entities.places import place_of

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)  # a Tuesday


def dates(text: str, language: str | None = "en", region: str | None = None) -> list[str]:
    """Values of the dates in a text."""
    return [one.value for one in find_dates(text, place_of(language, region), reference=NOW)]


class TestAbsolute:
    @pytest.mark.parametrize(
        ("text", "language", "region", "expected"),
        [
            ("on 2026-12-01.", "en", None, ["2026-12-01"]),
            ("on 03/04/2026", "en", None, ["2026-03-04"]),
            ("on 03/04/2026", "en", "GB", ["2026-04-03"]),
            ("on 25/12/2026", "en", None, ["2026-12-25"]),
            ("am 3.4.2026", "de", None, ["2026-04-03"]),
            ("3.4.26", "en", None, ["2026-04-03"]),
            ("5 March 2027", "en", None, ["2027-03-05"]),
            ("March 5th, 2027", "en", None, ["2027-03-05"]),
            ("the 5th of March", "en", None, ["2027-03-05"]),
            ("on December 1", "en", None, ["2026-12-01"]),
            ("am 5. März 2027", "de", None, ["2027-03-05"]),
            ("el 5 de marzo de 2027", "es", None, ["2027-03-05"]),
            ("le 5 mars 2027", "fr", None, ["2027-03-05"]),
            ("2026年12月1日", "zh", None, ["2026-12-01"]),
        ],
    )
    def test_found(self, text: str, language: str, region: str | None, expected: list[str]) -> None:
        assert dates(text, language, region) == expected

    @pytest.mark.parametrize(
        "text", ["31/02/2026", "version 1.2.3", "10.0.0.1", "1/2", "May I ask?", "2026", "12-34-5678"]
    )
    def test_not_one(self, text: str) -> None:
        assert dates(text) == []

    def test_an_order_that_had_to_be_assumed_is_less_sure(self) -> None:
        (guessed,) = find_dates("03/04/2026", place_of("en", None), reference=NOW)
        (given,) = find_dates("03/04/2026", place_of("en", "US"), reference=NOW)
        assert guessed.confidence < given.confidence


class TestRelative:
    @pytest.mark.parametrize(
        ("text", "language", "expected"),
        [
            ("call me tomorrow", "en", ["2026-11-25"]),
            ("in 3 days", "en", ["2026-11-27"]),
            ("2 weeks ago", "en", ["2026-11-10"]),
            ("in 2 hours", "en", ["2026-11-24T12:00"]),
            ("the day after tomorrow", "en", ["2026-11-26"]),
            ("übermorgen", "de", ["2026-11-26"]),
            ("vor 3 Tagen", "de", ["2026-11-21"]),
            ("hace 2 semanas", "es", ["2026-11-10"]),
            ("demain", "fr", ["2026-11-25"]),
            ("next Friday", "en", ["2026-11-27"]),
            ("last Friday", "en", ["2026-11-20"]),
            ("on Tuesday", "en", ["2026-12-01"]),
            ("last Tuesday", "en", ["2026-11-17"]),
            ("nächsten Montag", "de", ["2026-11-30"]),
        ],
    )
    def test_counted_from_the_reference(self, text: str, language: str, expected: list[str]) -> None:
        assert dates(text, language) == expected

    @pytest.mark.parametrize("language", sorted(languages()))
    def test_every_phrase_of_the_lists_is_understood(self, language: str) -> None:
        words, patterns = _lists()[language], date_patterns(language)
        for phrase in words["relative"]:
            for unit in words["units"] if "unit" in phrase else [""]:
                said = " ".join({"n": "3", "unit": unit}.get(word, word) for word in phrase.split())
                assert patterns.relative.fullmatch(said), said
                assert _parsed(said, language, NOW) is not None, said

    def test_what_dateparser_does_not_know_is_counted(self) -> None:
        assert dates("pasado mañana", "es") == ["2026-11-26"]
        assert dates("l'altro ieri", "it") == ["2026-11-22"]


class TestTimes:
    @pytest.mark.parametrize(
        ("text", "language", "expected"),
        [
            ("tomorrow at 5 pm", "en", ["2026-11-25T17:00"]),
            ("on 2026-12-01, 14:30", "en", ["2026-12-01T14:30"]),
            ("2026-12-01T14:30", "en", ["2026-12-01T14:30"]),
            ("morgen um 14 Uhr", "de", ["2026-11-25T14:00"]),
            ("at 12 am", "en", ["00:00"]),
            ("between 9:00 and 17:30", "en", ["09:00", "17:30"]),
        ],
    )
    def test_found(self, text: str, language: str, expected: list[str]) -> None:
        assert dates(text, language) == expected

    @pytest.mark.parametrize("text", ["25:00", "13 pm", "3.50", "at 5", "1:2"])
    def test_not_one(self, text: str) -> None:
        assert dates(text) == []
