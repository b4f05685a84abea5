"""Walks a web page in reading order and writes headings, paragraphs, lists, tables and code as blocks."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ingestion.parsing.builder import DocumentBuilder
from ingestion.parsing.html_boilerplate import NO_TEXT, is_frame, text_length
from ingestion.parsing.html_styles import Styles, background_of, why_hidden
from ingestion.parsing.html_tables import is_data_table, table_rows
from ingestion.parsing.html_text import InlineText, raised
from ingestion.parsing.tables import cell_text, markdown_table
from storage.records.parsed_document import BlockKind, FindingKind

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "center",
        "dd",
        "details",
        "dialog",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "header",
        "hgroup",
        "hr",
        "html",
        "legend",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
        "pre",
    ]
) | frozenset(_HEADINGS)
_EMPTY_LINES = re.compile(r"\n(?:[ \t\xa0]*\n)+")
_LONGEST_ITEM = 1500
_DEEPEST = 150
_SHOWN_CHARACTERS = 120
_LONGEST_ALT = 500
_ACTIVE = {"iframe": "a frame", "object": "an object", "embed": "an object", "applet": "a program"}


class PageWalker:
    """Writes the visible text below an element into a builder."""

    def __init__(self, builder: DocumentBuilder, styles: Styles, *, limit: int, drops_frames: bool) -> None:
        self._builder = builder
        self._styles = styles
        self._limit = limit
        self._drops_frames = drops_frames
        self._inside: HtmlElement | None = None
        self._inline = InlineText()
        self._told: set[str] = set()
        self.frame_characters = 0

    def walk(self, root: "HtmlElement", *, main: "HtmlElement | None" = None) -> None:
        """Write everything below an element.

        Args:
            root: Where to begin.
            main: The main content, if it is known; what lies in it is no frame.
        """
        self._inside = main
        self._children(root, depth=0, background=None, is_inside=root is main)
        self._flush()
        self._builder.check_length(self._limit)

    def _children(self, element: "HtmlElement", *, depth: int, background: str | None, is_inside: bool) -> None:
        self._inline.add(element.text)
        for child in element:
            if isinstance(child.tag, str):
                self._element(child, depth=depth + 1, background=background, is_inside=is_inside)
            self._inline.add(child.tail)

    def _element(self, element: "HtmlElement", *, depth: int, background: str | None, is_inside: bool) -> None:
        tag = element.tag
        is_inside = is_inside or element is self._inside
        if tag in NO_TEXT:
            self._tell_active(element)
            return
        style = self._styles.of(element)
        if reason := why_hidden(element, style, background=background, is_partial=self._styles.is_partial):
            self._tell_hidden(element, reason)
            return
        if self._drops_frames and is_frame(element, is_inside=is_inside):
            self.frame_characters += text_length(element)
            return
        if depth > _DEEPEST:
            self._inline.add(element.text_content())
            return
        background = background_of(style, background)
        if tag in _BLOCKS:
            self._flush()
            self._block(element, depth=depth, background=background, is_inside=is_inside)
            self._flush()
        else:
            self._phrase(element, depth=depth, background=background, is_inside=is_inside)

    def _phrase(self, element: "HtmlElement", *, depth: int, background: str | None, is_inside: bool) -> None:
        tag = element.tag
        if tag == "br":
            self._inline.line_break()
        elif tag == "img":
            alt = " ".join((element.get("alt") or "").split())[:_LONGEST_ALT]
            self._inline.add(f" {alt} " if alt else " ")
        elif tag == "button" and text_length(element) < 25:
            self._inline.add(" ")  # “Close”, “Menu”, “Copy”
        elif tag == "sup" and not len(element):
            self._inline.add(raised(element.text or ""))
        elif tag in ("math",) and element.get("alttext"):
            self._inline.add(element.get("alttext"))
        elif tag == "wbr" or tag in ("annotation", "annotation-xml"):
            return
        else:
            self._children(element, depth=depth, background=background, is_inside=is_inside)

    def _block(self, element: "HtmlElement", *, depth: int, background: str | None, is_inside: bool) -> None:
        tag = element.tag
        if tag in _HEADINGS:
            self._children(element, depth=depth, background=background, is_inside=is_inside)
            self._flush(BlockKind.HEADING, level=_HEADINGS[tag])
        elif tag == "pre":
            self._preformatted(element)
        elif tag in ("ul", "ol") and self._is_plain_list(element):
            lines = "\n".join(self._items(element, depth=depth, indent=0))
            self._builder.add_clean(BlockKind.LIST, lines)
            self._place_marks(self._inline.take()[1])
        elif tag == "dl" and element.find("dt") is not None:
            self._definitions(element)
        elif tag == "table" and is_data_table(element):
            self._table(element)
        elif tag == "hr":
            return
        else:
            self._children(element, depth=depth, background=background, is_inside=is_inside)
        self._builder.check_length(self._limit)

    def _flush(self, kind: BlockKind = BlockKind.PARAGRAPH, level: int = 0) -> None:
        if not self._inline:
            self._inline.take()
            return
        text, marks = self._inline.take()
        if kind is BlockKind.HEADING:
            text = " ".join(text.split())
            self._builder.add_clean(kind, text, level=level)
            self._place_marks(marks, written=len(text))
            return
        start = 0
        for piece in _EMPTY_LINES.split(text):  # two line breaks look like a new paragraph
            end = text.index(piece, start) + len(piece)
            lines = "\n".join(line.strip() for line in piece.split("\n"))
            self._builder.add_clean(kind, lines)
            inside = [(place - end + len(piece), detail) for place, detail in marks if start <= place <= end]
            marks = [mark for mark in marks if mark[0] > end]
            self._place_marks(inside, written=len(lines.strip()))
            start = end
        self._place_marks(marks)

    def _place_marks(self, marks: list[tuple[int, str]], written: int = 0) -> None:
        start = self._builder.position - written
        for place, detail in marks:
            at = max(0, min(start + place, self._builder.position))
            self._builder.find(FindingKind.HIDDEN_TEXT, detail, at=at)

    def _preformatted(self, element: "HtmlElement") -> None:
        for child in element.iter("br"):
            child.tail = "\n" + (child.tail or "")
        text = self._flat(element, keep_spaces=True).strip("\n")
        marks = self._inline.take()[1]
        if element.find(".//code") is None and _is_prose(text):
            for paragraph in text.replace("\n \n", "\n\n").split("\n\n"):
                self._builder.add_clean(BlockKind.PARAGRAPH, paragraph)
        else:
            self._builder.add_clean(BlockKind.CODE, text)
        self._place_marks(marks)

    def _is_plain_list(self, element: "HtmlElement") -> bool:
        """Whether a list is one for a reader; pages are laid out with lists, too."""
        if not any(child.tag == "li" for child in element):
            return False
        for item in element.iter("li"):
            if item.find(".//table") is not None or item.find(".//pre") is not None:
                return False
            if any(True for _ in item.iter("h1", "h2", "h3", "h4")) or _own_length(item) > _LONGEST_ITEM:
                return False
        return True

    def _items(self, element: "HtmlElement", *, depth: int, indent: int) -> Iterator[str]:
        number = int(start) if (start := element.get("start") or "1").isdecimal() and len(start) < 9 else 1
        for item in element:
            if item.tag in ("ul", "ol") and depth < _DEEPEST:  # a list that is not inside an item, as browsers accept
                yield from self._items(item, depth=depth + 1, indent=indent + 2)
                continue
            if item.tag != "li" or self._left_out(item):
                continue
            mark = f"{number}." if element.tag == "ol" else "-"
            number += 1
            lists: list[HtmlElement] = []
            text = " ".join(self._flat(item, set_aside=lists).split())
            if text:
                yield " " * indent + f"{mark} {text}"
            for inner in lists:
                if depth < _DEEPEST:
                    yield from self._items(inner, depth=depth + 1, indent=indent + (len(mark) + 1 if text else 0))

    def _definitions(self, element: "HtmlElement") -> None:
        lines: list[str] = []
        for entry in element.iter("dt", "dd"):
            if next(entry.iterancestors("dl"), None) is not element or self._left_out(entry):
                continue  # a list inside a description is part of its text
            text = " ".join(self._flat(entry).split())
            if entry.tag == "dt":
                lines.append(f"- {text}:")
            elif lines and lines[-1].endswith(":") and text:
                lines[-1] += f" {text}"
            elif text:
                lines.append(f"  {text}")
        self._builder.add_clean(BlockKind.LIST, "\n".join(lines))
        self._place_marks(self._inline.take()[1])

    def _table(self, element: "HtmlElement") -> None:
        caption = element.find("caption")
        if caption is not None and not self._left_out(caption):
            self._builder.add_clean(BlockKind.PARAGRAPH, " ".join(self._flat(caption).split()))
        rows = table_rows(
            element, lambda cell: "" if self._left_out(cell) else cell_text(self._flat(cell)), self._left_out
        )
        self._builder.add_clean(BlockKind.TABLE, markdown_table(rows))
        self._place_marks(self._inline.take()[1])

    def _flat(
        self,
        element: "HtmlElement",
        *,
        set_aside: "list[HtmlElement] | None" = None,
        keep_spaces: bool = False,
    ) -> str:
        """The visible text of an element in one piece; lists inside are set aside if asked for."""
        inline = InlineText()
        stack: list[HtmlElement | str] = [element]
        while stack:
            node = stack.pop()
            if isinstance(node, str):
                inline.add(node, keep_spaces=keep_spaces)
                continue
            if node is not element and (node.tag in NO_TEXT or self._left_out(node)):
                continue
            if set_aside is not None and node is not element and node.tag in ("ul", "ol"):
                set_aside.append(node)
                continue
            if node.tag == "img":
                inline.add(f" {(node.get('alt') or '')[:_LONGEST_ALT]} ")
            is_block = node.tag in _BLOCKS or node.tag == "br"
            edge = [" " if not keep_spaces else ""] if is_block and node is not element else []
            after: list[HtmlElement | str] = []
            for child in node:
                if isinstance(child.tag, str):
                    after.append(child)
                if child.tail:
                    after.append(child.tail)
            text = raised(node.text or "") if node.tag == "sup" and not len(node) else node.text or ""
            stack += [*reversed([*edge, text, *after, *edge])]
        return inline.take()[0] if not keep_spaces else inline.take_all()

    def _left_out(self, element: "HtmlElement") -> bool:
        style = self._styles.of(element)
        background = self._background_above(element) if "color" in style else None
        reason = why_hidden(element, style, background=background, is_partial=self._styles.is_partial)
        if reason:
            self._tell_hidden(element, reason)
        return bool(reason)

    def _background_above(self, element: "HtmlElement") -> str | None:
        for ancestor in element.iterancestors():
            if background := background_of(self._styles.of(ancestor), None):
                return background
        return None

    def _tell_hidden(self, element: "HtmlElement", reason: str) -> None:
        text = " ".join(element.text_content().split())
        is_skip_link = element.tag == "a" and (element.get("href") or "").startswith("#")
        if not text or is_skip_link or not text_length(element):
            return
        shown = text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"
        self._inline.mark(f"Text is hidden by {reason}: “{shown}”")

    def _tell_active(self, element: "HtmlElement") -> None:
        source = (element.get("src") or element.get("data") or "").strip()
        if element.tag in _ACTIVE and source and source not in self._told and not source.startswith("about:"):
            self._told.add(source)
            self._builder.find(
                FindingKind.ACTIVE_CONTENT, f"The page shows {_ACTIVE[element.tag]} from elsewhere: {source[:200]}"
            )


def _own_length(item: "HtmlElement") -> int:
    return text_length(item) - sum(text_length(inner) for inner in item if inner.tag in ("ul", "ol"))


def _is_prose(text: str) -> bool:
    """Preformatted text that is no program: words and sentences, in paragraphs."""
    words = sum(1 for character in text if character.isalpha() or character in " .,;\n")
    return "\n\n" in text and len(text) > 400 and words > 0.85 * len(text)
