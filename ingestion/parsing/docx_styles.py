"""Styles of Word documents: which are headings, lists or code, and what they hide."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.etree import _Element

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_HEADING = re.compile(r"heading (\d)$", re.IGNORECASE)
_CODE = re.compile(
    r"^(?:source |inline |block )?code\b|preformatted|verbatim|macro text|program listing", re.IGNORECASE
)
_LIST = re.compile(r"list (?:bullet|number|paragraph|continue)|^list(?: \d)?$", re.IGNORECASE)
_DEEPEST_OUTLINE = 8
_LONGEST_CHAIN = 20
_OFF = ("0", "false", "off")


@dataclass(frozen=True, slots=True)
class Style:
    """What a style says about the paragraphs that have it."""

    name: str = ""
    heading_level: int = 0
    number_id: str | None = None
    list_level: int | None = None
    is_code: bool = False
    is_bullet: bool = False
    is_hidden: bool = False
    is_shaded: bool = False


class Styles:
    """All styles, each with what it takes over from the style it is based on."""

    def __init__(self, root: "_Element | None") -> None:
        self._elements: dict[str, _Element] = {}
        self._known: dict[str, Style] = {}
        self._default: str | None = None
        for element in root.iter(f"{W}style") if root is not None else ():
            identifier = element.get(f"{W}styleId", "")
            self._elements[identifier] = element
            if element.get(f"{W}type") == "paragraph" and element.get(f"{W}default") in ("1", "true", "on"):
                self._default = identifier

    def of(self, identifier: str | None) -> Style:
        """The style of an id; the default paragraph style for None."""
        identifier = identifier or self._default or ""
        if identifier not in self._known:
            self._known[identifier] = self._read(identifier)
        return self._known[identifier]

    def _read(self, identifier: str) -> Style:
        chain: list[_Element] = []
        while identifier in self._elements and len(chain) < _LONGEST_CHAIN:
            chain.append(self._elements[identifier])
            identifier = value(chain[-1], "basedOn") or ""
        names = [value(element, "name") or "" for element in chain]
        heading = next((int(found[1]) for name in names if (found := _HEADING.match(name))), 0)
        if any(name == "Title" for name in names[:1]):
            heading = 1
        outline = next((v for element in chain if (v := value(element, f"pPr/{W}outlineLvl"))), None)
        if not heading and outline and outline.isdecimal() and int(outline) <= _DEEPEST_OUTLINE:
            heading = int(outline) + 1
        number = next((v for element in chain if (v := value(element, f"pPr/{W}numPr/{W}numId"))), None)
        level = next((v for element in chain if (v := value(element, f"pPr/{W}numPr/{W}ilvl"))), None)
        first = names[0] if names else ""
        return Style(
            name=first,
            heading_level=0 if first.lower().startswith("toc ") else heading,
            number_id=number,
            list_level=int(level) if level and level.isdecimal() else None,
            is_code=bool(_CODE.search(first)),
            is_bullet=bool(_LIST.search(first)) and "paragraph" not in first.lower(),
            is_hidden=any(is_on(element.find(f"{W}rPr/{W}vanish")) for element in chain),
            is_shaded=any(
                element.find(f".//{W}shd") is not None or element.find(f".//{W}highlight") is not None
                for element in chain
            ),
        )


def value(element: "_Element", path: str) -> str | None:
    """The `w:val` of a descendant; the first step of the path needs no prefix."""
    found = element.find(f"{W}{path}")
    return None if found is None else found.get(f"{W}val")


def is_on(switch: "_Element | None") -> bool:
    """Whether a switch element is there and not turned off."""
    return switch is not None and switch.get(f"{W}val") not in _OFF
