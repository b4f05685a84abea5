"""How the cells of a workbook are shown: as numbers, dates or times."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.etree import _Element

_GENERAL = "General"


@dataclass(frozen=True, slots=True)
class CellFormat:
    """A number format; `epoch` is the first day of the workbook's calendar where the format shows dates."""

    number_format: str = _GENERAL
    epoch: datetime | None = None
    is_duration: bool = False

    def value(self, number: float) -> float | datetime | date | time | timedelta:
        """What a stored number stands for.

        Raises:
            ValueError: It is no date that a calendar has.
            OverflowError: The same.
        """
        from openpyxl.utils.datetime import from_excel

        if self.epoch is None:
            return number
        found = from_excel(number, epoch=self.epoch, timedelta=self.is_duration)
        return number if found is None else found


def cell_formats(styles: "_Element | None", workbook: "_Element") -> list[CellFormat]:
    """The formats of a workbook's cell styles, in their order.

    Args:
        styles: Root of the part with styles.
        workbook: Root of the workbook's main part.
    """
    from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format
    from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900

    if styles is None:
        return []
    properties = next(workbook.iter("{*}workbookPr"), None)
    is_mac = properties is not None and properties.get("date1904") in ("1", "true")
    epoch = CALENDAR_MAC_1904 if is_mac else CALENDAR_WINDOWS_1900
    named = {entry.get("numFmtId", ""): entry.get("formatCode", _GENERAL) for entry in styles.iter("{*}numFmt")}
    found = []
    for entry in styles.iterfind("{*}cellXfs/{*}xf"):
        identifier = entry.get("numFmtId", "0")
        built_in = BUILTIN_FORMATS.get(int(identifier), _GENERAL) if identifier.isdecimal() else _GENERAL
        code = named.get(identifier, built_in)
        is_date = is_date_format(code)
        found.append(CellFormat(code, epoch if is_date else None, is_date and is_timedelta_format(code)))
    return found
