"""Numbers and bullets of Word lists, as Word would print them."""

import re
from typing import TYPE_CHECKING, NamedTuple

from ingestion.parsing.docx_styles import W, value

if TYPE_CHECKING:
    from lxml.etree import _Element

_PLACE = re.compile(r"%([1-9])")
_MOST_LEVELS = 9
_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
    (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_LARGEST_ROMAN = 3999
_NO_NUMBERS = ("bullet", "none")


class _Level(NamedTuple):
    number_format: str = "bullet"
    text: str = ""
    start: int = 1


class Numbering:
    """Counts list items while a document is read from its beginning to its end."""

    def __init__(self, root: "_Element | None") -> None:
        self._abstract: dict[str, dict[int, _Level]] = {}
        self._lists: dict[str, tuple[str, dict[int, int]]] = {}
        self._counts: dict[str, dict[int, int]] = {}
        self._begun: set[str] = set()
        if root is None:
            return
        for element in root.iter(f"{W}abstractNum"):
            levels = {_number(level.get(f"{W}ilvl")): _level(level) for level in element.iter(f"{W}lvl")}
            self._abstract[element.get(f"{W}abstractNumId", "")] = levels
        for element in root.iter(f"{W}num"):
            starts = {
                _number(override.get(f"{W}ilvl")): _number(value(override, "startOverride"), 1)
                for override in element.iter(f"{W}lvlOverride")
                if value(override, "startOverride") is not None
            }
            self._lists[element.get(f"{W}numId", "")] = (value(element, "abstractNumId") or "", starts)

    def label(self, number_id: str, level: int) -> str | None:
        """The label of the next item of a list, for example `1.`, `b)` or `-`.

        Args:
            number_id: Which list.
            level: 0 for the outermost.

        Returns:
            The label; an empty text for an item without one; None when there is no such list.
        """
        if number_id not in self._lists:
            return None
        abstract, starts = self._lists[number_id]
        levels = self._abstract.get(abstract, {})
        level = min(max(0, level), _MOST_LEVELS - 1)
        counts = self._counts.setdefault(abstract, {})
        if number_id not in self._begun:
            self._begun.add(number_id)
            for place, start in starts.items():  # this list counts anew
                counts[place] = start - 1
        definition = levels.get(level, _Level())
        counts[level] = counts.get(level, definition.start - 1) + 1
        for deeper in [place for place in counts if place > level]:
            del counts[deeper]
        if definition.number_format in _NO_NUMBERS:
            return "-" if definition.number_format == "bullet" else ""
        return _PLACE.sub(lambda match: self._at(levels, counts, int(match[1]) - 1), definition.text).strip()

    def _at(self, levels: dict[int, _Level], counts: dict[int, int], level: int) -> str:
        definition = levels.get(level, _Level("decimal"))
        return _written(counts.get(level, definition.start), definition.number_format)


def _level(element: "_Element") -> _Level:
    return _Level(
        value(element, "numFmt") or "decimal", value(element, "lvlText") or "", _number(value(element, "start"), 1)
    )


def _number(text: str | None, default: int = 0) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 8 else default


def _written(number: int, number_format: str) -> str:
    if number_format in ("lowerLetter", "upperLetter") and number > 0:
        letters = chr(ord("a") + (number - 1) % 26) * min((number - 1) // 26 + 1, 9)
        return letters if number_format == "lowerLetter" else letters.upper()
    if number_format in ("lowerRoman", "upperRoman") and 0 < number <= _LARGEST_ROMAN:
        letters = ""
        for worth, sign in _ROMAN:
            letters += sign * (number // worth)
            number %= worth
        return letters if number_format == "lowerRoman" else letters.upper()
    if number_format == "decimalZero":
        return f"{number:02}"
    return "" if number_format in _NO_NUMBERS else str(number)
