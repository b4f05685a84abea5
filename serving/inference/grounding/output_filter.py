"""Makes a model's text harmless on its way out: no image, no HTML, no address that the sources do not spell out.

A document that a bot reads may tell the model to put what it knows into an address: an image that a page loads, a link that
a messenger looks up for its preview, a host name that is resolved. So an address leaves only when it stands, character by
character, in a passage that was given, or when its host is on the bot's list. What is shown instead cannot be followed.
"""

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from urllib.parse import urlsplit

LINK_REMOVED = "[link removed]"
# A construct that is longer than this is no link of a person's making: it is let go in pieces, each made harmless.
_HOLD_CHARACTERS = 4000

# Everything that browsers and messengers take for the dot of a host name, or for a slash.
_DOT = "[.\u3002\uff0e\uff61]"
_LABEL = r"[A-Za-z0-9_\u00a1-\uffef-]{1,63}"
_TLD = r"(?:[A-Za-z]{2,24}|xn--[A-Za-z0-9-]{2,59})"
_SUSPICIOUS = re.compile(r"[<\[:/.@\u3002\uff0e\uff61\uff0f\uff1a&\\]|www", re.IGNORECASE)

_IMAGE = re.compile(r"!\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\s*(?:\((?:[^()]|\([^()]*\))*\)|\[[^\[\]]*\])?", re.DOTALL)
_LINK = re.compile(r"\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(\s*<?((?:[^()\s<>]|\([^()]*\))*)>?(?:\s[^()]*)?\)", re.DOTALL)
_UNCLOSED_TARGET = re.compile(r"\]\((?=[^)]*$)", re.DOTALL)
_DEFINITION = re.compile(r"^[ \t]{0,3}\[[^\[\]\n]+\]:", re.MULTILINE)
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_ADDRESS = re.compile(
    r"(?:[A-Za-z][A-Za-z0-9+.-]{1,30}\s?[:\uff1a]\s?[/\uff0f\\]{2}|(?<![\w/])[/\uff0f\\]{2}(?=[\w\[])|\b(?:javascript|data|vbscript|mailto|tel|sms)[:\uff1a](?=\S)|\bwww\.)"
    r"[^\s<>\"'`\u300c\u300d]*",
    re.IGNORECASE,
)
_HOST = re.compile(rf"(?<![\w@.-])(?:{_LABEL}{_DOT}){{1,8}}{_TLD}(?![\w-])(?::\d+)?(?:[/?#\uff0f][^\s<>\"'`]*)?")
_TRAILING = ".,;:!?)]}*_~。，"


@dataclass
class OutputFilter:
    """Filters text as it streams; at most one word and an open bracket are held back.

    Attributes:
        passages: Texts that were given to the model; addresses that stand in them may be said.
        allowed_hosts: Hosts of the bot's list; a host's subdomains are not included.
        removed: What was taken out, by kind.
    """

    passages: Collection[str] = ()
    allowed_hosts: Collection[str] = ()
    removed: Counter[str] = field(default_factory=Counter)
    _held: str = ""

    def __post_init__(self) -> None:
        self._said = frozenset(
            _bare(found[0])
            for text in self.passages
            for pattern in (_ADDRESS, _HOST)
            for found in pattern.finditer(text)
        )
        self._hosts = frozenset(host.casefold() for host in self.allowed_hosts)

    def feed(self, text: str) -> str:
        """More text; what of it, and of what was held, may go out now."""
        # No text for people has it, PostgreSQL cannot store it, and it would part what is looked for here.
        self._held += text.replace("\x00", "")
        cut = self._cut()
        ready, self._held = self._held[:cut], self._held[cut:]
        return self._clean(ready)

    def finish(self) -> str:
        """The rest."""
        ready, self._held = self._held, ""
        return self._clean(ready)

    def _cut(self) -> int:
        """Up to where the text is whole: after its last space, and before a bracket that is still open."""
        held = self._held
        cut = max(held.rfind(" "), held.rfind("\n"), held.rfind("\t")) + 1
        opened = _open_bracket(held)
        if opened is not None:
            cut = min(cut, opened)
        return cut if len(held) - cut <= _HOLD_CHARACTERS else len(held)

    def _clean(self, text: str) -> str:
        if not text or not _SUSPICIOUS.search(text):
            return text
        text = _IMAGE.sub(self._image, text)
        text = _LINK.sub(self._link, text)
        text = _UNCLOSED_TARGET.sub("] (", text)
        text = _DEFINITION.sub(self._definition, text)
        text = _TAG.sub(self._tag, text)
        text = _ADDRESS.sub(self._address, text)
        return _HOST.sub(self._host, text)

    def _image(self, found: re.Match[str]) -> str:
        self.removed["image"] += 1
        return found[1]

    def _link(self, found: re.Match[str]) -> str:
        if self._may_say(found[2]):
            return f"{found[1]} ({found[2]})"
        self.removed["link"] += 1
        return found[1]

    def _definition(self, found: re.Match[str]) -> str:
        self.removed["link"] += 1
        return ""

    def _tag(self, found: re.Match[str]) -> str:
        self.removed["html"] += 1
        return "\u2039"  # reads like the bracket, and opens nothing

    def _address(self, found: re.Match[str]) -> str:
        bare = _bare(found[0])
        if self._may_say(bare):
            return found[0]
        self.removed["address"] += 1
        return LINK_REMOVED + found[0][len(bare) :]

    def _host(self, found: re.Match[str]) -> str:
        bare = _bare(found[0])
        if self._may_say(bare) or any(bare in said for said in self._said) or not _looks_like_host(bare):
            return found[0]
        self.removed["address"] += 1
        return LINK_REMOVED + found[0][len(bare) :]

    def _may_say(self, address: str) -> bool:
        if address in self._said:
            return True
        if not self._hosts:
            return False
        try:
            parts = urlsplit(address if "//" in address else f"https://{address}")
        except ValueError:
            return False
        return (
            parts.scheme == "https"
            and (parts.hostname or "").casefold() in self._hosts
            and parts.username is None
            and "\\" not in address
            and address.isascii()
        )


def _bare(address: str) -> str:
    return address.rstrip(_TRAILING)


def _open_bracket(text: str) -> int | None:
    """Where the first bracket stands whose construct may go on after the text's end."""
    at = text.find("[")
    while at >= 0:
        end = _closing(text, at, "[", "]")
        if end is None or end == len(text):
            return _with_mark(text, at)
        if text[end] == "(":
            end = _closing(text, end, "(", ")")
            if end is None:
                return _with_mark(text, at)
        elif text[end] == "[" and _closing(text, end, "[", "]") is None:
            return _with_mark(text, at)
        at = text.find("[", end)
    return len(text) - 1 if text.endswith("!") else None


def _closing(text: str, at: int, opening: str, closing: str) -> int | None:
    depth = 0
    for position in range(at, len(text)):
        if text[position] == opening:
            depth += 1
        elif text[position] == closing:
            depth -= 1
            if not depth:
                return position + 1
    return None


def _with_mark(text: str, at: int) -> int:
    return at - 1 if at and text[at - 1] == "!" else at


# File names and abbreviations that read like hosts; a path or a third label makes them suspicious again.
_NO_HOST = re.compile(
    r"[\w-]{1,60}\.(?:md|txt|pdf|docx?|xlsx?|pptx?|csv|json|ya?ml|html?|xml|png|jpe?g|py|js|ts|sh|zip|log|ini|toml|sql|exe|css|e|g|d)"
    r"|(?:[a-z]\.){1,4}[a-z]",
    re.IGNORECASE,
)


def _looks_like_host(text: str) -> bool:
    """Whether a messenger would make a link of it: sentences that lack a space after their dot are not hosts."""
    if _NO_HOST.fullmatch(text):
        return False
    labels = re.split(_DOT, re.split(r"[/?#:\uff0f]", text)[0])
    has_path = bool(re.search(r"[/?#\uff0f:]", text))
    top = labels[-1]
    return has_path or len(labels) > 2 or (top == top.casefold() and len(top) <= 12)
