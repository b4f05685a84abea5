"""Whether a person who looks at a web page sees an element: attributes, inline styles and simple style sheets.

Only selectors without combinators are understood; style sheets of other files are never fetched.
"""

import itertools
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.html import HtmlElement

Declarations = dict[str, str]

_BRACE = re.compile(r"[{}]")
_SELECTOR = re.compile(r"^([a-z][a-z0-9]*)?((?:[.#][\w-]+)*)$", re.IGNORECASE)
_LENGTH = re.compile(r"^(-?\d*\.?\d+)\s*(px|em|rem|pt|%|vw|vh|cm|in|mm)?$")
_POINTS = {"em": 16.0, "rem": 16.0, "pt": 1.33, "cm": 38.0, "in": 96.0, "mm": 3.8, "vw": 10.0, "vh": 8.0, "%": 10.0}
_NUMBERS = re.compile(r"-?\d*\.?\d+")
_HEX = re.compile(r"^#([0-9a-f]{3,8})$")
_WHITE, _CLEAR = (255, 255, 255), "transparent"
_NAMED = {"white": _WHITE, "snow": (255, 250, 250), "ivory": (255, 255, 240), "whitesmoke": (245, 245, 245)}
_SAME_COLOUR = 24  # sum of differences of the three channels that an eye does not tell apart
_FAR = -500.0  # pixels beyond the edge of the screen
_MOST_RULES = 5_000
_LONGEST_SHEET = 1_000_000
_BACKGROUND = ("background-color", "background")


class Styles:
    """The style sheets that a page carries itself."""

    def __init__(self, root: "HtmlElement") -> None:
        self._by_class: dict[str, list[tuple[str, frozenset[str], Declarations]]] = {}
        self._by_tag: dict[str, Declarations] = {}
        self.is_partial = any(True for _ in root.iterfind(".//link[@rel='stylesheet']"))
        sheets = ((sheet.text or "")[:_LONGEST_SHEET] for sheet in root.iter("style"))
        for selectors, body in itertools.islice(itertools.chain.from_iterable(map(_rules, sheets)), _MOST_RULES):
            self._add(selectors, declarations(body))

    def of(self, element: "HtmlElement") -> Declarations:
        """What is declared for an element, inline styles last."""
        if not self._by_tag and not element.attrib:
            return {}
        found: Declarations = {}
        names = {f".{name}" for name in (element.get("class") or "").split()[:50]}
        if element.get("id"):
            names.add(f"#{element.get('id')}")
        tag = element.tag if isinstance(element.tag, str) else ""
        if self._by_tag:
            found |= self._by_tag.get(tag, {})
        for name in names & self._by_class.keys():
            for wanted, others, style in self._by_class[name]:
                if wanted in ("", tag) and others <= names:
                    found |= style
        inline = element.get("style")
        if inline:
            found |= declarations(inline)
        if tag == "font" and element.get("color"):
            found["color"] = element.get("color", "").lower()
        if element.get("bgcolor"):
            found["background-color"] = element.get("bgcolor", "").lower()
        return found

    def _add(self, selectors: str, style: Declarations) -> None:
        if not style:
            return
        for selector in selectors.split(","):
            match = _SELECTOR.match(selector.strip())
            if not match:
                continue
            names = re.findall(r"[.#][\w-]+", match[2] or "")
            if names:
                entry = ((match[1] or "").lower(), frozenset(names), style)
                self._by_class.setdefault(names[0], []).append(entry)
            elif match[1]:
                self._by_tag[match[1].lower()] = self._by_tag.get(match[1].lower(), {}) | style


def _rules(sheet: str) -> Iterator[tuple[str, str]]:
    """Selectors and body of each plain rule; blocks such as `@media` are passed over. Linear on any text."""
    sheet = _without_comments(sheet)
    depth = start = opened = 0
    for brace in _BRACE.finditer(sheet):
        if brace[0] == "{":
            opened = brace.end() if not depth else opened
            depth += 1
        elif depth:
            depth -= 1
            if not depth:
                selectors, body = sheet[start : opened - 1].strip(), sheet[opened : brace.start()]
                if not selectors.startswith("@") and "{" not in body:
                    yield selectors, body
                start = brace.end()


def _without_comments(sheet: str) -> str:
    parts = sheet.split("/*")
    return parts[0] + "".join(part.partition("*/")[2] for part in parts[1:])


def declarations(style: str) -> Declarations:
    """The declarations of a style attribute, in lower case."""
    found: Declarations = {}
    for part in style.lower()[:5000].split(";"):
        name, colon, value = part.partition(":")
        if colon:
            found[name.strip()] = value.replace("!important", "").strip()
    return found


def why_hidden(element: "HtmlElement", style: Declarations, *, background: str | None, is_partial: bool) -> str | None:
    """How an element is hidden; None when it is seen.

    Args:
        element: The element.
        style: What is declared for it.
        background: Background colour around it, if one is known.
        is_partial: Whether style sheets that are not at hand may colour the background.
    """
    if element.get("hidden") is not None and element.get("hidden") != "until-found":
        return "the hidden attribute"
    if not style:
        return None
    if style.get("display") == "none":
        return "display:none"
    if style.get("visibility") in ("hidden", "collapse"):
        return f"visibility:{style['visibility']}"
    if (size := _pixels(style.get("font-size"))) is not None and size <= 1.0:
        return "a font size of nothing"
    if (opacity := _number(style.get("opacity"))) is not None and opacity <= 0.05:
        return "opacity:0"
    return _off_screen(style) or _same_colour(style, background, is_partial)


def background_of(style: Declarations, before: str | None) -> str | None:
    """The background colour that holds inside an element; `unknown` for a picture or gradient."""
    for name in _BACKGROUND:
        value = style.get(name, "")
        if not value or value in ("none", "inherit", "initial", _CLEAR):
            continue
        if _rgb(value) is not None:
            return value
        words = [word for word in value.split() if _rgb(word) is not None]
        return words[0] if words and "url" not in value and "gradient" not in value else "unknown"
    return before


def _off_screen(style: Declarations) -> str | None:
    if style.get("position") in ("absolute", "fixed"):
        if any((_pixels(style.get(side)) or 0.0) <= _FAR for side in ("left", "top", "right", "bottom")):
            return "a position beyond the screen"
        clip = style.get("clip", "")
        if clip.startswith("rect") and all(abs(float(n)) <= 1 for n in _NUMBERS.findall(clip)):
            return "clipping to nothing"
    if (_pixels(style.get("text-indent")) or 0.0) <= _FAR:
        return "an indent beyond the screen"
    if (_pixels(style.get("margin-left")) or 0.0) <= _FAR * 2:
        return "a margin beyond the screen"
    if style.get("clip-path", "").replace(" ", "") in ("inset(50%)", "inset(100%)", "circle(0)", "circle(0px)"):
        return "clipping to nothing"
    if style.get("transform", "").replace(" ", "") in ("scale(0)", "scale(0,0)", "scalex(0)", "scaley(0)"):
        return "a scale of nothing"
    sizes = [_pixels(style.get(side)) for side in ("width", "height", "max-height")]
    if style.get("overflow", "") == "hidden" and any(size is not None and size <= 1.0 for size in sizes):
        return "a box without size"
    return None


def _same_colour(style: Declarations, background: str | None, is_partial: bool) -> str | None:
    colour = style.get("color", "")
    if not colour:
        return None
    if colour == _CLEAR or _is_clear(colour):
        return "a transparent colour"
    own = background_of(style, background)
    if own == "unknown":
        return None
    if own is None and is_partial:
        return None  # a style sheet elsewhere may make the background dark
    front, back = _rgb(colour), _rgb(own or "white")
    if front is None or back is None or sum(abs(a - b) for a, b in zip(front, back, strict=True)) > _SAME_COLOUR:
        return None
    return "a colour like its background"


def _rgb(colour: str) -> tuple[int, int, int] | None:
    if colour in _NAMED:
        return _NAMED[colour]
    if found := _HEX.match(colour):
        digits = found[1]
        if len(digits) in (3, 4):
            digits = "".join(digit * 2 for digit in digits[:3])
        return (int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)) if len(digits) >= 6 else None
    if colour.startswith("rgb"):
        numbers = [int(float(number)) for number in _NUMBERS.findall(colour)[:3]]
        return (numbers[0], numbers[1], numbers[2]) if len(numbers) == 3 else None
    known = {"black": (0, 0, 0), "red": (255, 0, 0), "blue": (0, 0, 255), "green": (0, 128, 0), "navy": (0, 0, 128),
             "gray": (128, 128, 128), "grey": (128, 128, 128), "yellow": (255, 255, 0)}  # fmt: skip
    return known.get(colour)


def _is_clear(colour: str) -> bool:
    numbers = _NUMBERS.findall(colour)
    return colour.startswith("rgba") and len(numbers) == 4 and float(numbers[3]) <= 0.05


def _pixels(value: str | None) -> float | None:
    found = _LENGTH.match((value or "").strip())
    return float(found[1]) * _POINTS.get(found[2] or "", 1.0) if found else None


def _number(value: str | None) -> float | None:
    found = _LENGTH.match((value or "").strip())
    return None if not found else float(found[1]) / (100.0 if found[2] == "%" else 1.0)
