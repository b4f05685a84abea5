"""Which source reads which kind of settings."""

from ingestion.errors import IntakeError
from ingestion.sources.bucket import BucketSource
from ingestion.sources.folder_source import FolderSource
from ingestion.sources.sitemap import SitemapSource
from ingestion.sources.source import Source
from ingestion.sources.urls import UrlsSource
from storage.postgres.models.base import JsonObject
from storage.records.source_settings import (
    SETTINGS,
    BucketSettings,
    FolderSettings,
    SitemapSettings,
    UrlsSettings,
)


def open_source(kind: str, settings: JsonObject) -> Source:
    """The source of a row of `sources`.

    Raises:
        IntakeError: Unknown kind, or a package that it needs is not installed.
        ValidationError: The settings are not those of this kind.
    """
    if kind not in SETTINGS:
        raise IntakeError(f"Unknown source `{kind}`. Valid: {', '.join(SETTINGS)}.")
    read = SETTINGS[kind].model_validate(settings)
    match read:
        case FolderSettings():
            return FolderSource(read)
        case UrlsSettings():
            return UrlsSource(read)
        case SitemapSettings():
            return SitemapSource(read)
        case BucketSettings():
            return BucketSource(read)
