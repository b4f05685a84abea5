"""Plain bodies of e-mails: paragraphs, and quoted history as blocks of its own that keep their `>`."""

import re

from ingestion.parsing.builder import DocumentBuilder
from storage.records.parsed_document import BlockKind

_QUOTE = re.compile(r"^\s{0,3}>")
_SIGNATURE = re.compile(r"^-- ?$")
_ORIGINAL = re.compile(
    r"^\s*(?:-{3,}\s*(?:Original Message|Forwarded message|Ursprüngliche Nachricht|Mensaje original|Message d'origine)"
    r"\s*-{3,}|_{20,}|Begin forwarded message:)\s*$",
    re.IGNORECASE,
)
_FLOWED_WIDTH = 60


def write_plain(builder: DocumentBuilder, text: str) -> None:
    """Write a plain body; quoted lines are never joined with what answers them.

    Args:
        builder: Where to write.
        text: The body, with plain line ends.
    """
    for lines, is_quoted in _groups(text.split("\n")):
        body = "\n".join(line.rstrip() for line in lines).strip("\n")
        if not is_quoted:
            body = _joined(lines)
        builder.add_clean(BlockKind.PARAGRAPH, body)


def _groups(lines: list[str]) -> list[tuple[list[str], bool]]:
    groups: list[tuple[list[str], bool]] = []
    current: list[str] = []
    was_quoted = False
    for line in [*lines, ""]:
        is_quoted = bool(_QUOTE.match(line))
        is_end = not line.strip() or is_quoted != was_quoted or _ORIGINAL.match(line) or _SIGNATURE.match(line)
        if is_end and current:
            groups.append((current, was_quoted))
            current = []
        if line.strip():
            current.append(line)
        was_quoted = is_quoted
    return groups


def _joined(lines: list[str]) -> str:
    """Lines that were broken at a fixed width become one; short lines, as in lists and addresses, stay."""
    joined: list[str] = []
    for line in lines:
        before = joined[-1] if joined else ""
        last = before.rsplit("\n", 1)[-1]
        goes_on = len(last) >= _FLOWED_WIDTH and line[:1].isalpha() and line[:1].islower()
        if joined and goes_on:
            joined[-1] = f"{before.rstrip()} {line.strip()}"
        else:
            joined.append(line.rstrip())
    return "\n".join(joined)
