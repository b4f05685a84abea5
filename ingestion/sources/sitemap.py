"""A sitemap: a site's own list of its pages, which may be an index of further lists, packed or not."""

import zlib
from collections.abc import Iterator

from ingestion.errors import FetchError
from ingestion.sources.safe_fetch import Resolve, fetch
from ingestion.sources.settings import SourceSettings, source_settings
from ingestion.sources.source import Content, SourceItem
from ingestion.sources.urls import UrlsSource, item_of
from storage.postgres.models.base import JsonObject
from storage.records.source_settings import SitemapSettings, UrlsSettings

_MOST_BYTES = 50_000_000  # the limit that sitemaps.org sets for one file
_MOST_MAPS = 500
_DEPTH = 3


class SitemapSource:
    """The pages of a sitemap; only those on the sitemap's own host are taken."""

    def __init__(
        self, sitemap: SitemapSettings, *, settings: SourceSettings | None = None, resolve: Resolve | None = None
    ) -> None:
        self._url = sitemap.url
        self._settings = settings or source_settings()
        self._resolve = resolve
        self._pages = UrlsSource(UrlsSettings(urls=(sitemap.url,)), settings=self._settings, resolve=resolve)

    def items(self) -> Iterator[SourceItem]:
        """Pages in the order of the sitemaps."""
        pages: dict[str, None] = {}
        waiting, seen = [(self._url, 0)], set()
        while waiting:
            url, depth = waiting.pop(0)
            if url in seen:
                continue
            seen.add(url)
            if len(seen) > _MOST_MAPS or depth > _DEPTH:
                raise FetchError(f"`{self._url}` lists more than {_MOST_MAPS} sitemaps, or nests them too deep.")
            places, is_index = locations(self._sitemap(url))
            own = [place for place in places if _host(place) == _host(self._url)]
            if is_index:
                waiting += [(place, depth + 1) for place in own]
                continue
            for place in own:
                if place not in pages:
                    pages[place] = None
                    yield item_of(place)
                if len(pages) > self._settings.max_addresses:
                    raise FetchError(f"`{self._url}` lists more than {self._settings.max_addresses} pages.")

    def fetch(self, item: SourceItem, stored: JsonObject) -> Content | None:
        """What the page holds, unless its server says that it has not changed."""
        return self._pages.fetch(item, stored)

    def sidecar(self, place: str) -> bytes:
        """Pages have none."""
        return self._pages.sidecar(place)

    def _sitemap(self, url: str) -> bytes:
        data = fetch(url, max_bytes=_MOST_BYTES, settings=self._settings, resolve=self._resolve).data or b""
        if not data.startswith(b"\x1f\x8b"):
            return data
        unpacker = zlib.decompressobj(wbits=31)
        try:
            unpacked = unpacker.decompress(data, _MOST_BYTES + 1)
        except zlib.error as error:
            raise FetchError(f"`{url}` is packed and cannot be unpacked.") from error
        if len(unpacked) > _MOST_BYTES or not unpacker.eof:
            raise FetchError(f"`{url}` is cut off, or has more than {_MOST_BYTES} bytes when it is unpacked.")
        return unpacked


def locations(data: bytes) -> tuple[list[str], bool]:
    """The addresses in a sitemap.

    Returns:
        The addresses, and whether they are further sitemaps.

    Raises:
        FetchError: It is no sitemap, or has a document type, which none needs.
    """
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise FetchError("The sitemap is not well-formed XML.") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise FetchError("The sitemap has a document type definition, which is not read.")
    kind = etree.QName(root).localname
    if kind not in ("urlset", "sitemapindex"):
        raise FetchError(f"The file is no sitemap: its root is `{kind[:50]}`, not `urlset` or `sitemapindex`.")
    places = [
        (element.text or "").strip()
        for entry in root
        if isinstance(entry.tag, str)
        for element in entry
        if isinstance(element.tag, str) and etree.QName(element).localname == "loc"
    ]
    return [place for place in places if place], kind == "sitemapindex"


def _host(url: str) -> str:
    from urllib.parse import urlsplit

    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""
