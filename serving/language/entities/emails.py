"""E-mail addresses."""

import re
from collections.abc import Iterator

from serving.language.entities.entity import Entity, EntityKind

_MAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}[^\W\d_]{2,24}(?![\w-])", re.UNICODE
)
_CERTAIN = 0.99


def find_emails(text: str) -> Iterator[Entity]:
    """Addresses; the value has its domain in lower case, because domains have no case and names may."""
    for found in _MAIL.finditer(text):
        name, domain = found[0].rsplit("@", 1)
        if name.startswith(".") or name.endswith(".") or ".." in name:
            continue
        value = f"{name}@{domain.lower()}"
        yield Entity(EntityKind.EMAIL, found.start(), found.end(), found[0], value, _CERTAIN)
