"""Cell values as a person reads them in the sheet: dates, percentages and money, not bare numbers."""

import re
from datetime import date, datetime, time, timedelta

_CURRENCY = re.compile(r"\[\$([^\]-]{1,4})[^\]]*\]|\"([^\"]{0,4}[$€£¥₹][^\"]{0,4})\"|([$€£¥₹])")
_DECIMALS = re.compile(r"0\.(0+)")
_MIDNIGHT = time(0, 0)
_EXACT = 10**15


def value_text(value: object, number_format: str = "General") -> str:
    """The text of a cell's value.

    Args:
        value: What the spreadsheet stores; None for an empty cell.
        number_format: How the spreadsheet shows it.
    """
    match value:
        case None:
            return ""
        case bool():
            return "TRUE" if value else "FALSE"
        case int() | float():
            return _number(value, number_format.split(";")[0])
        case datetime():
            plain = value.replace(tzinfo=None)
            return plain.date().isoformat() if plain.time() == _MIDNIGHT else plain.isoformat(" ", "minutes")
        case date():
            return value.isoformat()
        case time():
            return value.isoformat("seconds" if value.second else "minutes")
        case timedelta():
            minutes, seconds = divmod(round(value.total_seconds()), 60)
            return f"{minutes // 60}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")
        case _:
            return str(value).replace("_x000D_", " ")


def _number(value: float, number_format: str) -> str:
    if value != value or value in (float("inf"), float("-inf")):
        return str(value)
    if "%" in number_format:
        return f"{_plain(value * 100, number_format)}%"
    currency = _CURRENCY.search(number_format)
    text = _plain(value, number_format)
    if not currency:
        return text
    sign = (currency[1] or currency[2] or currency[3] or "").strip()
    digits = number_format.find("0")
    if not sign:
        return text
    return (
        f"{text} {sign}" if 0 <= digits < currency.start() else f"-{sign}{text[1:]}" if value < 0 else f"{sign}{text}"
    )


def _plain(value: float, number_format: str) -> str:
    decimals = _DECIMALS.search(number_format)
    if decimals:
        return f"{value:.{min(len(decimals[1]), 10)}f}"
    if float(value).is_integer() and abs(value) < _EXACT:
        return str(int(value))
    return f"{value:.10g}" if abs(value) >= 1e-4 and abs(value) < _EXACT else repr(value)
