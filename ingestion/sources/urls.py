"""Addresses that somebody listed, each a document."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from ingestion.errors import FetchError
from ingestion.settings import ingest_settings
from ingestion.sources.safe_fetch import Resolve, fetch
from ingestion.sources.settings import SourceSettings
from ingestion.sources.source import Content, SourceItem
from storage.postgres.models.base import JsonObject
from storage.records.source_settings import UrlsSettings


class UrlsSource:
    """Pages and files of the web; the server is asked whether they changed."""

    def __init__(
        self, urls: UrlsSettings, *, settings: SourceSettings | None = None, resolve: Resolve | None = None
    ) -> None:
        self._urls = urls.urls
        self._settings = settings
        self._resolve = resolve

    def items(self) -> Iterator[SourceItem]:
        """The addresses, in the order of the list."""
        yield from map(item_of, dict.fromkeys(self._urls))

    def fetch(self, item: SourceItem, stored: JsonObject) -> Content | None:
        """What the address holds, unless its server says that it has not changed."""
        got = fetch(
            item.place,
            max_bytes=ingest_settings().max_file_bytes,
            etag=stored.get("etag"),
            last_modified=stored.get("last_modified"),
            settings=self._settings,
            resolve=self._resolve,
        )
        if got.data is None:
            return None
        state = {"etag": got.etag, "last_modified": got.last_modified}
        return Content(data=got.data, declared_type=got.media_type, state=state)

    def sidecar(self, place: str) -> bytes:
        """Pages have none."""
        raise FetchError(f"`{place}` has no file of metadata.")


def item_of(url: str) -> SourceItem:
    """An address as an item, called by the last part of its path."""
    parts = urlsplit(url)
    name = unquote(PurePosixPath(parts.path).name) or parts.netloc
    return SourceItem(uri=url, name=name, place=url)
