"""Amounts of money, read as they are written where the bot is: `1.234,56 €` and `$1,234.56` are the same kind of thing."""

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache

from babel.numbers import list_currencies

from serving.language.entities.entity import Entity, EntityKind
from serving.language.entities.places import Place

_SYMBOLS = {"€": "EUR", "£": "GBP", "₹": "INR", "₽": "RUB", "₩": "KRW", "₺": "TRY", "฿": "THB", "₫": "VND", "zł": "PLN"}
# Several countries write these; the place decides, and the first is taken elsewhere.
_SHARED = {
    "$": ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN", "ARS", "CLP", "COP"),
    "¥": ("JPY", "CNY"),
    "kr": ("SEK", "NOK", "DKK", "ISK"),
}
_WORDS = {
    "euro": "EUR", "euros": "EUR", "eur": "EUR", "pound": "GBP", "pounds": "GBP", "pfund": "GBP", "libras": "GBP",
    "yen": "JPY", "yuan": "CNY", "元": "CNY", "rupees": "INR", "франков": "CHF", "рублей": "RUB", "zloty": "PLN",
}  # fmt: skip
_SHARED_WORDS = {
    "dollar": "$", "dollars": "$", "bucks": "$", "dólar": "$", "dólares": "$", "dollari": "$", "kronor": "kr", "kroner": "kr",
    "franken": "CHF", "francs": "CHF", "franchi": "CHF",
}  # fmt: skip
_NUMBER = r"\d{1,3}(?:[.,'’ \u00a0\u202f]\d{3})+(?:[.,]\d{1,2})?(?!\d)|\d+(?:[.,]\d+)?"
_MINUS = r"[-−]?"
_CERTAIN = 0.95
_ASSUMED = 0.7
_GROUP_DIGITS = 3


def find_amounts(text: str, place: Place) -> Iterator[Entity]:
    """Numbers with a currency before or after; the value is for example `1234.56 EUR`.

    The confidence is lower where the currency or the decimal mark had to be assumed.
    """
    if not any(character.isdigit() for character in text):
        return
    for found in _pattern().finditer(text):
        mark = found["before"] or found["after"]
        code, is_currency_sure = _currency(mark, place)
        number, is_number_sure = _number(found["number"] or found["amount"], place)
        sign = "-" if (found["minus"] or found["sign"] or found["minus2"]) and number else ""
        confidence = _CERTAIN if is_currency_sure and is_number_sure else _ASSUMED
        yield Entity(EntityKind.AMOUNT, found.start(), found.end(), found[0], f"{sign}{number:f} {code}", confidence)


def _currency(mark: str, place: Place) -> tuple[str, bool]:
    word = mark.casefold()
    if word in _SYMBOLS:
        return _SYMBOLS[word], True
    if word in _WORDS:
        return _WORDS[word], True
    shared = _SHARED_WORDS.get(word, word)
    if shared not in _SHARED:
        return shared.upper(), True
    here = _SHARED[shared]
    return (place.currency, place.is_given) if place.currency in here else (here[0], False)


def _number(written: str, place: Place) -> tuple[Decimal, bool]:
    """The number, and whether its marks could only mean that."""
    marks = [character for character in written if not character.isdigit()]
    if not marks:
        return Decimal(written), True
    last = marks[-1]
    tail = len(written) - written.rindex(last) - 1
    if last not in ".," or marks.count(last) > 1:
        return _decimal(written, None), True
    if len(set(marks)) > 1:
        return _decimal(written, last), True
    if tail != _GROUP_DIGITS:
        # Two digits after a mark that groups here: a stranger's way of writing, but it can mean nothing else.
        return _decimal(written, last), True
    # One mark and three digits. Prices have two decimals: with this place's grouping mark, or the other one, it groups.
    return _decimal(written, None), last == place.group


def _decimal(written: str, mark: str | None) -> Decimal:
    whole, _, part = written.rpartition(mark) if mark else (written, "", "")
    digits = "".join(character for character in whole if character.isdigit())
    return Decimal(f"{digits or '0'}.{part}" if part else digits)


@lru_cache
def _pattern() -> re.Pattern[str]:
    """Currency and number, in either order. Codes are in upper case; words and symbols in any."""
    codes = "|".join(sorted(list_currencies()))
    names = sorted({*_SYMBOLS, *_SHARED, *_WORDS, *_SHARED_WORDS}, key=len, reverse=True)
    signs = "|".join(re.escape(name) for name in names if not name[-1].isalpha())
    words = "|".join(re.escape(name) for name in names if name[-1].isalpha())
    unit = rf"{signs}|(?:{codes})(?![A-Za-z])|(?i:{words})(?!\w)"
    before = rf"(?:{signs}|(?<!\w)(?:{codes}))"
    return re.compile(
        rf"(?P<minus>{_MINUS})(?P<before>{before})\s?(?P<sign>{_MINUS})(?P<number>{_NUMBER})(?!\w)"
        rf"|(?<![\w.,])(?P<minus2>{_MINUS})(?P<amount>{_NUMBER})\s?(?P<after>{unit})"
    )
