"""Inline text of web pages: white space as a browser collapses it, places of what was left out kept."""

import re

_SPACES = re.compile(r"[ \t\r\n\f]+")
_SUPERSCRIPT = str.maketrans("0123456789+-=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ")
_RAISED = re.compile(r"^[-+]?\d{1,4}$")


class InlineText:
    """Collects the text of one block. `marks` are places of it at which something was left out."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._ends_blank = True
        self.marks: list[tuple[int, str]] = []

    def __bool__(self) -> bool:
        return bool(self._parts or self.marks)

    def add(self, text: str | None, *, keep_spaces: bool = False) -> None:
        """Append text; blanks in a row become one unless they are to be kept."""
        if not text:
            return
        if not keep_spaces:
            text = _SPACES.sub(" ", text)
            if self._ends_blank:
                text = text.lstrip(" ")
        if text:
            self._parts.append(text)
            self._length += len(text)
            self._ends_blank = text[-1] in " \n"

    def line_break(self) -> None:
        """Go on in the next line."""
        if self._parts:
            self._parts[-1], before = self._parts[-1].rstrip(" "), len(self._parts[-1])
            self._length -= before - len(self._parts[-1])
            self.add("\n", keep_spaces=True)

    def mark(self, detail: str) -> None:
        """Note that something was left out here."""
        self.marks.append((self._length, detail))

    def take(self) -> tuple[str, list[tuple[int, str]]]:
        """The text without blanks at its ends and its marks; what is collected next starts anew."""
        text = "".join(self._parts)
        lead = len(text) - len(text.lstrip())
        body = text.strip()
        marks = [(min(max(0, place - lead), len(body)), detail) for place, detail in self.marks]
        self._parts, self._length, self._ends_blank, self.marks = [], 0, True, []
        return body, marks

    def take_all(self) -> str:
        """The text with the blanks at its ends."""
        text = "".join(self._parts)
        self.take()
        return text


def raised(text: str) -> str:
    """Superscript as characters, so that 10² does not become 102; other texts stay."""
    return text.translate(_SUPERSCRIPT) if _RAISED.match(text.strip()) else text
