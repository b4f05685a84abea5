"""Tests of numbers, dates and amounts for people."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from serving.language.formats import local_amount, local_date, local_number, local_value, locale_of


class TestFormats:
    @pytest.mark.parametrize(
        ("tag", "expected"), [("en", "1,234.5"), ("de", "1.234,5"), ("de-CH", "1’234.5"), (None, "1,234.5")]
    )
    def test_numbers(self, tag: str | None, expected: str) -> None:
        assert local_number(Decimal("1234.5"), tag) == expected

    @pytest.mark.parametrize(("tag", "expected"), [("en-US", "€1,234.50"), ("de", "1.234,50\xa0€")])
    def test_amounts(self, tag: str, expected: str) -> None:
        assert local_amount(Decimal("1234.5"), "EUR", tag) == expected

    def test_dates(self) -> None:
        assert local_date(date(2026, 4, 3), "en-US") == "April 3, 2026"
        assert local_date(date(2026, 4, 3), "de") == "3. April 2026"
        assert "14:30" in local_date(datetime(2026, 4, 3, 14, 30, tzinfo=UTC), "de")

    @pytest.mark.parametrize("tag", ["", "xx-YY", "not a tag", "x" * 50, "../.."])
    def test_a_tag_of_no_language_is_english(self, tag: str) -> None:
        assert locale_of(tag).language == "en"


class TestLocalValue:
    @pytest.mark.parametrize(
        ("kind", "value", "expected"),
        [
            ("amount", "1234.5 EUR", "1.234,50\xa0€"),
            ("date", "2026-04-03", "3. April 2026"),
            ("date", "14:30", "14:30"),
            ("email", "a@b.co", "a@b.co"),
            ("amount", "rubbish", "rubbish"),
        ],
    )
    def test_values_of_entities(self, kind: str, value: str, expected: str) -> None:
        assert local_value(kind, value, "de") == expected
