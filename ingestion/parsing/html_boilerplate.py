"""What of a web page is its frame: menus, banners, footers. The main content is never taken for it."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.html import HtmlElement

NO_TEXT = frozenset({"script", "style", "template", "noscript", "iframe", "object", "embed", "svg", "head", "title",
                     "select", "textarea", "input", "audio", "video", "canvas", "applet", "datalist", "map"})  # fmt: skip
_FRAME_TAGS = {"nav", "footer", "aside", "menu"}
_PLAIN = {
    "b",
    "i",
    "em",
    "strong",
    "span",
    "a",
    "br",
    "td",
    "th",
    "tr",
    "tbody",
    "li",
    "h1",
    "h2",
    "h3",
    "h4",
    "img",
    "font",
}
_FRAME_ROLES = {"navigation", "banner", "contentinfo", "search", "complementary", "menubar", "menu"}
_FRAME_NAMES = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|navigation|menu|sidebar|breadcrumbs?|pagination|pager|share|sharing|social|related|"
    r"footer|toolbar|skip|advert|ads|promo|newsletter|subscribe|toc|jump|catlinks|navbox|interlanguage)(?:$|[\s_-])",
    re.IGNORECASE,
)
_COOKIES = re.compile(r"cookie|consent|gdpr|onetrust|cc-window", re.IGNORECASE)
_COOKIE_WORDS = re.compile(r"\bcookies?\b|\bconsent\b|\bDSGVO\b|\bGDPR\b|datenschutz|privacidad", re.IGNORECASE)
_LONGEST_BANNER = 3_000
_LINKS_IN_MENU = 4
_MENU_LINK_SHARE = 0.7
_LONGEST_MENU_LINK = 40.0
_MAIN_SHARE = 0.4


def content_root(body: "HtmlElement") -> "HtmlElement":
    """The element that holds the main content: the page's `main` or only article, else all of it."""
    candidates = [element for element in body.iter("main") if isinstance(element.tag, str)]
    candidates += body.xpath(".//*[@role='main']")
    if not candidates:
        candidates = list(body.iter("article"))
    if len(candidates) != 1:
        return body
    whole = sum(text_length(child) for child in body if not is_frame(child, is_inside=False))
    return candidates[0] if text_length(candidates[0]) >= _MAIN_SHARE * whole else body


def text_length(element: "HtmlElement") -> int:
    """Characters of text without scripts and styles."""
    if not isinstance(element.tag, str) or element.tag in NO_TEXT:
        return 0
    length, stack = 0, [element]
    while stack:
        node = stack.pop()
        length += len((node.text or "").strip())
        for child in node:
            length += len((child.tail or "").strip())
            if isinstance(child.tag, str) and child.tag not in NO_TEXT:
                stack.append(child)
    return length


def is_frame(element: "HtmlElement", *, is_inside: bool) -> bool:
    """Whether an element belongs to the page's frame.

    Args:
        element: The element.
        is_inside: Whether it lies inside the main content, where footers and link lists belong to the text.
    """
    if not isinstance(element.tag, str) or element.tag in _PLAIN:
        return False
    names = f"{element.get('class') or ''} {element.get('id') or ''}"
    if _COOKIES.search(names) and _is_cookie_banner(element):
        return True
    tag, role = element.tag, (element.get("role") or "").lower()
    if tag == "nav" or role in ("navigation", "search", "menubar"):
        return True
    is_named = bool(_FRAME_NAMES.search(names))
    if is_inside:
        return is_named and _is_menu(element)
    if tag in _FRAME_TAGS or role in _FRAME_ROLES:
        return True
    if tag == "header":
        return not any(True for _ in element.iter("h1", "h2"))
    if tag in ("div", "section", "ul", "ol", "table", "p", "dl"):
        return (is_named or tag in ("ul", "ol")) and _is_menu(element)
    return False


def _is_cookie_banner(element: "HtmlElement") -> bool:
    length = text_length(element)
    return length < _LONGEST_BANNER and bool(_COOKIE_WORDS.search(element.text_content()))


def _is_menu(element: "HtmlElement") -> bool:
    """Many short links and little else."""
    links = [" ".join(link.text_content().split()) for link in element.iter("a")]
    links = [link for link in links if link]
    if len(links) < _LINKS_IN_MENU:
        return False
    total = sum(map(len, links))
    return total >= _MENU_LINK_SHARE * text_length(element) and total / len(links) < _LONGEST_MENU_LINK
