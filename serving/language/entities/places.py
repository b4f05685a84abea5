"""What the language of a text and the region of its bot say about how numbers and dates are written."""

from dataclasses import dataclass
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.numbers import get_decimal_symbol, get_group_symbol, get_territory_currencies

DEFAULT_LANGUAGE = "en"


@dataclass(frozen=True)
class Place:
    """How things are written here.

    Attributes:
        language: ISO 639-1 code.
        region: ISO 3166 code of a country.
        is_given: The bot says its region; otherwise it is the likeliest for the language.
        decimal: Decimal mark.
        group: Mark between thousands.
        currency: ISO 4217 code of the region's currency.
        is_day_first: Whether 03/04 is the third of April.
    """

    language: str
    region: str
    is_given: bool
    decimal: str
    group: str
    currency: str
    is_day_first: bool


@lru_cache(maxsize=256)
def place_of(language: str | None, region: str | None) -> Place:
    """The conventions of a language in a region.

    Args:
        language: ISO 639-1 code; English unless known.
        region: ISO 3166 code of the bot; the language's likeliest region unless given.
    """
    known = language or DEFAULT_LANGUAGE
    likely = region or _likely_region(known)
    locale = _locale(known, likely)
    currencies = get_territory_currencies(likely)
    pattern = locale.date_formats["short"].pattern
    return Place(
        language=known,
        region=likely,
        is_given=region is not None,
        decimal=get_decimal_symbol(locale),
        group=get_group_symbol(locale),
        currency=currencies[0] if currencies else "USD",
        is_day_first=pattern.find("d") < pattern.find("M"),
    )


def _locale(language: str, region: str) -> Locale:
    try:
        return Locale.parse(f"{language}_{region}")
    except (UnknownLocaleError, ValueError):
        return Locale.parse(language if language in get_global("likely_subtags") else DEFAULT_LANGUAGE)


def _likely_region(language: str) -> str:
    subtags = str(get_global("likely_subtags").get(language, "en_Latn_US"))
    return subtags.rsplit("_", 1)[-1]
