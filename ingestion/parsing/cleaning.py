"""Characters that a reader does not see, or sees as others, made plain before any position is taken.

Unicode NFC, and not NFKC: superscripts, fractions and units stay what they are. Only known ligatures become letters.
"""

import re
import unicodedata
from typing import NamedTuple

MOST_HIDDEN = 100  # findings that one document may have; more say nothing new

_LIGATURES = {
    "ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st",
}  # fmt: skip
_BLANKS = dict.fromkeys(
    "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000", " "
)
_BREAKS = dict.fromkeys("\u0085\u2028\u2029", "\n")
_PLAIN = str.maketrans({**_BLANKS, **_BREAKS})
_OFFICE = str.maketrans(_LIGATURES)
_JOINERS = "\u200c\u200d"
_ZERO_WIDTH = "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200e\u200f\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0"
_BIDI = "\u202a-\u202e\u2066-\u2069"
_OVERRIDES = "\u202d\u202e"
_TAGS = "\U000e0000-\U000e007f"
_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_ANNOTATION = "\ufffa[^\ufffb]{0,1000}\ufffb|[\ufff9-\ufffb]"
_INVISIBLE = re.compile(f"(?:{_ANNOTATION})|[{_JOINERS}{_ZERO_WIDTH}{_BIDI}{_TAGS}{_SELECTORS}]+")
_SUSPECT_RUN = 3  # so many characters without width in a row are no accident of typesetting
_FLAG = "\U0001f3f4"  # a black flag and tag characters make the flags of England, Scotland and Wales
_SHOWN_CHARACTERS = 80


class Hidden(NamedTuple):
    """Text that was hidden at a place of the cleaned text."""

    position: int
    detail: str


class Cleaned(NamedTuple):
    """A text without invisible characters, and what they hid."""

    text: str
    hidden: tuple[Hidden, ...]


def clean(text: str, *, ligatures: bool = False) -> Cleaned:
    """Text as a person sees it.

    Invisible characters go; joiners stay where a script or an emoji needs them. What hides text (tag characters, runs
    of characters without width, right-to-left overrides, a word split by them) is reported at its place.

    Args:
        text: Any text.
        ligatures: Whether ligatures become letters, which printed documents and office files need.
    """
    if text.isascii():
        return Cleaned(text, ())
    text = unicodedata.normalize("NFC", text).translate(_PLAIN)
    if ligatures:
        text = text.translate(_OFFICE)
    parts: list[str] = []
    hidden: list[Hidden] = []
    length = last = 0
    for match in _INVISIBLE.finditer(text):
        kept, detail = _judge(text, match)
        parts += [text[last : match.start()], kept]
        length += match.start() - last
        if detail and len(hidden) < MOST_HIDDEN:
            hidden.append(Hidden(length, detail))
        length += len(kept)
        last = match.end()
    if not parts:
        return Cleaned(text, ())
    return Cleaned("".join([*parts, text[last:]]), tuple(hidden))


def clean_text(text: str, *, ligatures: bool = False) -> str:
    """`clean` for a short text whose hidden parts concern nobody, such as a title."""
    return clean(text, ligatures=ligatures).text


def _judge(text: str, match: re.Match[str]) -> tuple[str, str | None]:
    """What stays of a run of invisible characters, and what it hid."""
    run, before, after = match[0], text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
    if run[0] == "\ufffa":
        return "", f"text in an annotation mark: “{_shown(run[1:-1])}”"
    tags = "".join(chr(ord(c) - 0xE0000) for c in run if 0xE0020 <= ord(c) <= 0xE007E)
    if tags and before != _FLAG:
        return "", f"text in tag characters: “{_shown(tags)}”"
    if tags:
        return run, None
    if len(run) == 1:
        return _judge_one(run, before, after)
    if any(c in _OVERRIDES for c in run):
        return "", "a mark that reverses the order of letters on the screen"
    emoji = "".join(c for c in run if c in "\ufe0f\ufe0e\u200d")
    if emoji == run and len(run) == 2:
        return run, None  # a coloured emoji that is joined to the next
    hiding = [c for c in run if c not in "\u00ad\ufeff\u200e\u200f"]
    return "", f"{len(run)} characters without width in a row" if len(hiding) >= _SUSPECT_RUN else None


def _judge_one(character: str, before: str, after: str) -> tuple[str, str | None]:
    if character in _OVERRIDES:
        return "", "a mark that reverses the order of letters on the screen"
    if "\ufe00" <= character <= "\ufe0f" or character >= "\U000e0100":
        return (character if before > "\u00ff" or before.isdigit() or before in "#*©®" else ""), None
    if character in _JOINERS:
        needed = (before > "\u0590" and after > "\u0590") or (character == "\u200d" and max(before, after) > "\u2000")
        if needed:
            return character, None
    if character in "\u00ad\u200e\u200f\u061c" or (character > "\u2065" and character != "\ufeff"):
        return "", None
    if before.isalpha() and after.isalpha() and before < "\u0530" and after < "\u0530":
        return "", "a word that is split by a character without width"
    return "", None


def _shown(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"
