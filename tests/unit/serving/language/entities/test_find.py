"""Tests of finding entities, kind by kind."""

from datetime import UTC, datetime

import pytest

from serving.language.entities.entity import Entity, without_overlaps
from serving.language.entities.find import find_entities
from serving.language.entities.patterns import EntityPattern

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)  # a Tuesday


def values(text: str, kind: str, *, language: str | None = "en", region: str | None = None) -> list[str]:
    """Values of one kind."""
    found = find_entities(text, reference=NOW, language=language, region=region)
    assert all(one.text == text[one.start : one.end] for one in found)
    return [one.value for one in found if one.kind == kind]


class TestEmails:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("Write to Ada.L+x@Example.COM, please.", ["Ada.L+x@example.com"]),
            ("müller@bücher.de", ["müller@bücher.de"]),
            ("two: a@b.co and c@d-e.org.", ["a@b.co", "c@d-e.org"]),
        ],
    )
    def test_found(self, text: str, expected: list[str]) -> None:
        assert values(text, "email") == expected

    @pytest.mark.parametrize(
        "text", ["a@b", "@example.com", "a..b@example.com", ".a@example.com", "a @ b.com", "x@-y.com"]
    )
    def test_not_one(self, text: str) -> None:
        assert values(text, "email") == []


class TestPhones:
    @pytest.mark.parametrize(
        ("text", "language", "region", "expected"),
        [
            ("call +49 30 901820 now", "en", None, ["+4930901820"]),
            ("Rufen Sie 030 901820 an", "de", None, ["+4930901820"]),
            ("Rufen Sie 044 668 18 00 an", "de", "CH", ["+41446681800"]),
            ("my number is (415) 555-2671", "en", None, ["+14155552671"]),
        ],
    )
    def test_found(self, text: str, language: str, region: str | None, expected: list[str]) -> None:
        assert values(text, "phone", language=language, region=region) == expected

    @pytest.mark.parametrize("text", ["12345", "my code is 000000000", "version 1.2.3.4.5.6"])
    def test_not_one(self, text: str) -> None:
        assert values(text, "phone") == []

    def test_a_guessed_country_is_less_sure(self) -> None:
        (given,) = find_entities("Ruf 030 901820 an", reference=NOW, language="de", region="DE")
        (guessed,) = find_entities("Ruf 030 901820 an", reference=NOW, language="de")
        assert given.confidence > guessed.confidence


class TestAmounts:
    @pytest.mark.parametrize(
        ("text", "language", "region", "expected"),
        [
            ("It costs $1,234.56.", "en", None, ["1234.56 USD"]),
            ("Es kostet 1.234,56 €.", "de", None, ["1234.56 EUR"]),
            ("1.234 € im Jahr", "de", None, ["1234 EUR"]),
            ("EUR 1,234 a year", "en", None, ["1234 EUR"]),
            ("12.50 euros", "en", None, ["12.50 EUR"]),
            ("12,50 Euro", "de", None, ["12.50 EUR"]),
            ("C'est 1 234,50 € par an", "fr", None, ["1234.50 EUR"]),
            ("CHF 1'234.50", "de", "CH", ["1234.50 CHF"]),
            ("50 dollars", "en", "CA", ["50 CAD"]),
            ("¥500", "zh", None, ["500 CNY"]),
            ("-£5", "en", None, ["-5 GBP"]),
            ("between 10 EUR and 20 EUR", "en", None, ["10 EUR", "20 EUR"]),
        ],
    )
    def test_found(self, text: str, language: str, region: str | None, expected: list[str]) -> None:
        assert values(text, "amount", language=language, region=region) == expected

    @pytest.mark.parametrize("text", ["12 eggs", "1,234.56", "EURO 2024 is 3", "the top 10 all", "US 5", "5 %"])
    def test_not_one(self, text: str) -> None:
        assert values(text, "amount") == []

    def test_a_currency_that_several_countries_call_so_is_less_sure_without_a_region(self) -> None:
        (guessed,) = find_entities("$5", reference=NOW, language="en")
        (given,) = find_entities("$5", reference=NOW, language="en", region="US")
        assert guessed.confidence < given.confidence


class TestOrderNumbers:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("Where is order no. ab-12345?", ["AB-12345"]),
            ("order 48213 please", ["48213"]),
            ("Meine Bestellung Nr. 4711-22 fehlt", ["4711-22"]),
            ("pedido número 99812", ["99812"]),
            ("ticket #A1B2C3", ["A1B2C3"]),
            ("it is #12345", ["12345"]),
        ],
    )
    def test_found(self, text: str, expected: list[str]) -> None:
        assert values(text, "order_number") == expected

    @pytest.mark.parametrize(
        "text", ["order something", "order 5 of them", "in order to 2", "#hashtag", "order 50.00 €"]
    )
    def test_not_one(self, text: str) -> None:
        assert values(text, "order_number") == []


class TestOverlaps:
    def test_the_bots_own_then_the_surest_then_the_longest_stays(self) -> None:
        sure = Entity("a", 0, 4, "abcd", "x", 0.9)
        longer = Entity("b", 2, 9, "cdefghi", "x", 0.5)
        own = Entity("c", 3, 5, "de", "x", 0.1, is_custom=True)
        apart = Entity("d", 9, 10, "j", "x", 0.1)
        assert without_overlaps([sure, longer, apart]) == [sure, apart]
        assert without_overlaps([sure, longer, own, apart]) == [own, apart]

    def test_a_date_is_no_phone_number_and_an_address_no_order(self) -> None:
        found = find_entities("order 2026-11-25 to a.b-12345@example.com", reference=NOW, language="en")
        assert [(one.kind, one.value) for one in found] == [("date", "2026-11-25"), ("email", "a.b-12345@example.com")]

    def test_a_pattern_of_the_bot_wins(self) -> None:
        pattern = EntityPattern("part", r"AB-\d+")
        (found,) = find_entities("order AB-12345", reference=NOW, language="en", patterns=[pattern])
        assert (found.kind, found.value, found.is_custom) == ("part", "AB-12345", True)

    @pytest.mark.parametrize(
        "text", ["", " ", "\x00", "😀" * 500, "@" * 2000, "1" * 2000, "1," * 1000, "€" * 2000, "a.b@" * 500]
    )
    def test_odd_texts_end_soon(self, text: str) -> None:
        assert isinstance(find_entities(text, reference=NOW), tuple)
