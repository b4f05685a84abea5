"""What a web page says of itself: title, author, dates and language."""

import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from ingestion.parsing.cleaning import clean_text
from ingestion.parsing.moments import moment

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_CREATED = (
    "article:published_time",
    "datepublished",
    "dcterms.created",
    "dc.date.created",
    "dc.date",
    "date",
    "pubdate",
)
_MODIFIED = (
    "article:modified_time",
    "datemodified",
    "dcterms.modified",
    "dc.date.modified",
    "last-modified",
    "og:updated_time",
)
_AUTHOR = ("author", "article:author", "dc.creator", "dcterms.creator", "byl")
_LANGUAGE = re.compile(r"^([a-z]{2})(?:[-_]|$)", re.IGNORECASE)
_MOST_JSON = 200_000
_LONGEST = 500


class PageMeta(NamedTuple):
    """A page's own words about itself."""

    title: str | None
    author: str | None
    language: str | None
    created_at: datetime | None
    modified_at: datetime | None


def page_meta(root: "HtmlElement") -> PageMeta:
    """Title, author, language and dates of a page; what is missing or unreadable is None."""
    named: dict[str, str] = {}
    for meta in root.iter("meta"):
        name = meta.get("name") or meta.get("property") or meta.get("itemprop") or meta.get("http-equiv") or ""
        if meta.get("content"):
            named.setdefault(name.strip().lower(), meta.get("content", ""))
    linked = _linked_data(root)
    author = _first(named, _AUTHOR) or _author_of(linked)
    return PageMeta(
        title=_short(root.findtext(".//title")) or _short(named.get("og:title")),
        author=None if author and author.startswith("http") else _short(author),
        language=_language(root.get("lang") or named.get("content-language") or ""),
        created_at=moment(_first(named, _CREATED) or str(linked.get("datePublished") or "")),
        modified_at=moment(_first(named, _MODIFIED) or str(linked.get("dateModified") or "")),
    )


def _linked_data(root: "HtmlElement") -> dict[str, Any]:
    for script in root.iterfind(".//script[@type='application/ld+json']"):
        if not script.text or len(script.text) > _MOST_JSON:
            continue
        try:
            data = json.loads(script.text)
        except (ValueError, RecursionError):
            continue
        graph = data.get("@graph") if isinstance(data, dict) else data
        entries = graph if isinstance(graph, list) else [data]
        for entry in entries:
            if isinstance(entry, dict) and "datePublished" in entry:
                return entry
    return {}


def _author_of(linked: dict[str, Any]) -> str | None:
    author = linked.get("author")
    if isinstance(author, list):
        author = author[0] if author else None
    if isinstance(author, dict):
        author = author.get("name")
    return author if isinstance(author, str) else None


def _first(named: dict[str, str], names: tuple[str, ...]) -> str | None:
    return next((named[name] for name in names if named.get(name)), None)


def _short(text: str | None) -> str | None:
    return " ".join(clean_text(text or "").split())[:_LONGEST] or None


def _language(text: str) -> str | None:
    found = _LANGUAGE.match(text.strip())
    return found[1].lower() if found else None
