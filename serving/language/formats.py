"""Numbers, dates and amounts as people of a language write them."""

from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal

_DEFAULT = "en"


def locale_of(tag: str | None) -> Locale:
    """The locale of a language tag such as `de`, `de-CH` or `de_CH`; English for one that is not known."""
    if not tag:
        return Locale.parse(_DEFAULT)
    try:
        return Locale.parse(tag.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        language = tag.replace("-", "_").partition("_")[0]
        return locale_of(language) if language != tag else Locale.parse(_DEFAULT)


def language_name(code: str, tag: str | None) -> str:
    """What people of a language call another one: `German` in English, `Englisch` in German.

    Args:
        code: ISO 639-1 code of the language that is named.
        tag: The language that it is named in.
    """
    return str(locale_of(code).get_display_name(locale_of(tag)) or code)


def local_number(value: Decimal | float, tag: str | None) -> str:
    """A number: `1,234.5` in English, `1.234,5` in German."""
    return format_decimal(value, locale=locale_of(tag))


def local_amount(value: Decimal | float, currency: str, tag: str | None) -> str:
    """An amount of money: `€1,234.50` in English, `1.234,50 €` in German."""
    return format_currency(value, currency, locale=locale_of(tag))


def local_date(value: date, tag: str | None) -> str:
    """A date, with its time if it has one, in words that leave no doubt which number is the day."""
    if isinstance(value, datetime):
        return format_datetime(value, format="medium", locale=locale_of(tag))
    return format_date(value, format="long", locale=locale_of(tag))


def local_value(kind: str, value: str, tag: str | None) -> str:
    """The normalised value of an entity (`entities/entity.py`) for people; what has no local form stays as it is."""
    try:
        if kind == "amount":
            number, _, currency = value.partition(" ")
            return local_amount(Decimal(number), currency, tag)
        if kind == "date" and "-" in value:
            return local_date(datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value), tag)
    except (ValueError, InvalidOperation):
        return value
    return value
