"""The text of a Word paragraph: links, insertions, formulas and note marks; deletions and hidden text stay out."""

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingestion.parsing.docx_math import M, formula
from ingestion.parsing.docx_styles import Styles, W, is_on, value
from ingestion.parsing.html_text import raised

if TYPE_CHECKING:
    from lxml.etree import _Element

FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"  # repeats its sibling
DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}relIds"
CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}chart"
_SKIPPED = {f"{W}{name}" for name in ("pPr", "rPr", "del", "moveFrom", "instrText", "delText", "delInstrText")} | {
    FALLBACK
}
_SIGNS = {f"{W}tab": "\t", f"{W}br": "\n", f"{W}cr": "\n", f"{W}noBreakHyphen": "-", f"{W}ptab": "\t"}
_WHITE = {"FFFFFF", "FEFEFE", "FDFDFD"}
_SMALLEST_HALF_POINTS = 2
_SHOWN_CHARACTERS = 120


@dataclass(slots=True)
class ParagraphText:
    """A paragraph's text, and what hangs on it: text boxes, notes, drawings, hidden text at places of the text."""

    parts: list[str] = field(default_factory=list)
    boxes: "list[_Element]" = field(default_factory=list)
    drawings: "list[_Element]" = field(default_factory=list)
    footnotes: list[str] = field(default_factory=list)
    endnotes: list[str] = field(default_factory=list)
    hidden: list[tuple[int, str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self.parts)


class TextReader:
    """Reads paragraphs; `names` gives footnotes and endnotes the numbers that Word prints."""

    def __init__(self, styles: Styles) -> None:
        self._styles = styles
        self.names: dict[tuple[str, str], str] = {}
        self._counts: Counter[str] = Counter()

    def read(self, paragraph: "_Element", *, on_white: bool = True) -> ParagraphText:
        """The text of a paragraph.

        Args:
            paragraph: A `w:p`.
            on_white: Whether it surely stands on white paper; false in tables and boxes, which may be dark.
        """
        found = ParagraphText()
        style = self._styles.of(value(paragraph, f"pPr/{W}pStyle"))
        shaded = style.is_shaded or paragraph.find(f"{W}pPr/{W}shd") is not None
        self._collect(paragraph, found, hidden=style.is_hidden, on_white=on_white and not shaded)
        return found

    def _collect(self, node: "_Element", found: ParagraphText, *, hidden: bool, on_white: bool) -> None:
        for child in node:
            tag = child.tag
            if tag in _SKIPPED or not isinstance(tag, str):
                continue
            if tag == f"{W}r":
                self._run(child, found, hidden=hidden, on_white=on_white)
            elif tag == f"{W}t":
                found.parts.append(child.text or "")
            elif tag in _SIGNS:
                found.parts.append(_SIGNS[tag])
            elif tag == f"{W}sym":
                found.parts.append(_symbol(child))
            elif tag == f"{W}txbxContent":
                found.boxes.append(child)
            elif tag in (DIAGRAM, CHART):
                found.drawings.append(child)
            elif tag in (f"{W}footnoteReference", f"{W}endnoteReference"):
                self._note(child, found)
            elif tag in (f"{M}oMath", f"{M}oMathPara"):
                found.parts.append(formula(child))
            else:
                self._collect(child, found, hidden=hidden, on_white=on_white)

    def _run(self, run: "_Element", found: ParagraphText, *, hidden: bool, on_white: bool) -> None:
        properties = run.find(f"{W}rPr")
        reason = "hidden characters" if hidden else None
        if properties is not None:
            reason = self._why_hidden(properties, hidden=hidden, on_white=on_white)
        before = len(found.parts)
        self._collect(run, found, hidden=hidden, on_white=on_white)
        if properties is not None and value(run, f"rPr/{W}vertAlign") == "superscript":
            found.parts[before:] = [raised("".join(found.parts[before:]))]
        if reason:
            text = " ".join("".join(found.parts[before:]).split())
            del found.parts[before:]
            if text:
                shown = text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"
                found.hidden.append((sum(map(len, found.parts)), f"Text is hidden by {reason}: “{shown}”"))

    def _why_hidden(self, properties: "_Element", *, hidden: bool, on_white: bool) -> str | None:
        own = properties.find(f"{W}vanish")
        style = self._styles.of(value(properties, "rStyle")) if value(properties, "rStyle") else None
        if is_on(own) or (own is None and (hidden or (style is not None and style.is_hidden))):
            return "hidden characters"
        size = value(properties, "sz")
        if size and size.isdecimal() and int(size) <= _SMALLEST_HALF_POINTS:
            return "a font size of nothing"
        if on_white and (value(properties, "color") or "").upper() in _WHITE:
            shaded = properties.find(f"{W}shd") is not None or properties.find(f"{W}highlight") is not None
            return None if shaded or (style is not None and style.is_shaded) else "white on white"
        return None

    def _note(self, reference: "_Element", found: ParagraphText) -> None:
        kind = "footnote" if reference.tag.endswith("footnoteReference") else "endnote"
        key = (kind, reference.get(f"{W}id", ""))
        if key not in self.names:
            self._counts[kind] += 1
            self.names[key] = str(self._counts[kind])
        found.parts.append(f"[{self.names[key]}]" if kind == "footnote" else f"[note {self.names[key]}]")
        (found.footnotes if kind == "footnote" else found.endnotes).append(key[1])


def _symbol(element: "_Element") -> str:
    """A sign of a symbol font: bullets and arrows of private use become a plain bullet."""
    try:
        code = int(element.get(f"{W}char", ""), 16)
    except ValueError:
        return ""
    return "•" if 0xE000 <= code <= 0xF8FF else chr(code) if 0x20 <= code < 0xD800 else ""
