"""Web pages: the main content as headings, paragraphs, lists, tables and code; links, scripts and styles stay out.

Nothing is fetched. What a person who looks at the page does not see is left out and reported at its place.
"""

import re
from typing import TYPE_CHECKING

from ingestion.errors import ParseError
from ingestion.parsing.builder import DocumentBuilder
from ingestion.parsing.detect import MediaType
from ingestion.parsing.encoding import decode
from ingestion.parsing.html_blocks import PageWalker
from ingestion.parsing.html_boilerplate import content_root, is_frame, text_length
from ingestion.parsing.html_meta import page_meta
from ingestion.parsing.html_styles import Styles
from ingestion.parsing.request import ParseRequest
from storage.records.failure_type import FailureType
from storage.records.parsed_document import FindingKind, ParsedDocument

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
_XML_DECLARED = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{2,40})", re.IGNORECASE)
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0e-\x1f]")
_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,300}\?>")
_LEAST_SHARE = 0.25
_MARKUP_FACTOR = 10


def parse_html(request: ParseRequest) -> ParsedDocument:
    """Read a web page.

    Raises:
        ParseError: Without text, too long, or not to be taken apart.
    """
    data = request.path.read_bytes()
    declared = _XML_DECLARED.search(data[:1024]) or _DECLARED.search(data[:8192])
    source, encoding = decode(data, declared=declared[1].decode("ascii") if declared else None)
    limit = request.limits.max_text_characters
    if len(source) > _MARKUP_FACTOR * limit:
        raise ParseError(FailureType.TOO_LARGE, f"The page has {len(source):,} characters. Split it into parts.")
    root, is_cut = page_tree(source)
    if root is None:
        raise ParseError(FailureType.EMPTY, "The page has no text. Check that it is the right file.")
    builder, left_out = _read(root, limit)
    if is_cut:
        builder.find(FindingKind.TRUNCATED, "A part of the page is nested too deep to be read.", whole=True)
    if not builder.text.strip():
        raise ParseError(
            FailureType.EMPTY,
            "The page has no text that a reader sees; perhaps a script fills it in. Save it as PDF from your browser.",
        )
    meta = page_meta(root)
    metadata: dict[str, str | int | bool] = {"encoding": encoding}
    if left_out:
        metadata["left_out_frame_characters"] = left_out
    return ParsedDocument(
        text=builder.text,
        blocks=tuple(builder.blocks),
        findings=tuple(builder.findings),
        title=meta.title or _first_heading(builder),
        author=meta.author,
        language=meta.language,
        created_at=meta.created_at,
        modified_at=meta.modified_at,
        media_type=MediaType.HTML,
        metadata=metadata,
    )


def page_tree(source: str) -> "tuple[HtmlElement | None, bool]":
    """The elements of a page, read without network, entities of its own, or huge trees.

    Args:
        source: The page.

    Returns:
        Its root, None when it has no elements; and whether a part was left out because it is nested too deep.
    """
    from lxml import etree, html

    source = _XML_DECLARATION.sub("", _NOT_TEXT.sub(" ", source))
    parser = html.HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True, recover=True
    )
    try:
        root = html.document_fromstring(source.encode("utf-8", errors="replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, AssertionError):
        return None, False
    return root, any("depth" in entry.message.lower() for entry in parser.error_log)


def write_page(builder: DocumentBuilder, root: "HtmlElement", *, limit: int) -> None:
    """Write all visible text of a page, without looking for frames; for e-mails and chapters of books."""
    PageWalker(builder, Styles(root), limit=limit, drops_frames=False).walk(_body(root))


def _read(root: "HtmlElement", limit: int) -> tuple[DocumentBuilder, int]:
    """The main content, and how many characters of the page's frame were left out."""
    body, styles = _body(root), Styles(root)
    main = content_root(body)
    builder = DocumentBuilder()
    _tell_refresh(builder, root)
    walker = PageWalker(builder, styles, limit=limit, drops_frames=True)
    walker.walk(main, main=main if main is not body else None)
    whole = text_length(body)
    left_out = walker.frame_characters + (whole - text_length(main) if main is not body else 0)
    if builder.position >= _LEAST_SHARE * whole:
        return builder, left_out
    everything = DocumentBuilder()
    _tell_refresh(everything, root)
    PageWalker(everything, styles, limit=limit, drops_frames=False).walk(body)
    # The frame is most of the page, or what was taken for it is the text: then nothing is left out.
    framed = sum(text_length(child) for child in body if is_frame(child, is_inside=False))
    if builder.position and framed > (1 - _LEAST_SHARE) * whole and main is not body:
        return builder, left_out
    return everything, 0


def _body(root: "HtmlElement") -> "HtmlElement":
    found = root.find("body")
    return root if found is None else found


def _first_heading(builder: DocumentBuilder) -> str | None:
    for block in builder.blocks:
        if block.kind == "heading":
            return builder.text[block.char_start : block.char_end][:500]
    return None


def _tell_refresh(builder: DocumentBuilder, root: "HtmlElement") -> None:
    for meta in root.iter("meta"):
        content = meta.get("content") or ""
        if (meta.get("http-equiv") or "").lower() == "refresh" and "url" in content.lower():
            builder.find(
                FindingKind.ACTIVE_CONTENT, f"The page sends its reader elsewhere: {content[:200]}", whole=True
            )
