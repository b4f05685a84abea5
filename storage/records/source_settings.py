"""Where a source is: the shapes of `sources.settings`, one for each kind."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

_Place = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
_Page = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[Hh][Tt][Tt][Pp][Ss]?://", max_length=2000)]
# One protocol and no chain of them (`simplecache::…`), which would reach beyond the bucket.
_Bucket = Annotated[str, StringConstraints(pattern=r"^(s3|gs|gcs|abfs|az|file|memory)://[^:*?\[\]]+$", max_length=2000)]


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FolderSettings(_Settings):
    """A folder of the machine that the worker runs on."""

    path: _Place


class UrlsSettings(_Settings):
    """Addresses that somebody listed."""

    urls: Annotated[tuple[_Page, ...], Field(min_length=1, max_length=1000)]


class SitemapSettings(_Settings):
    """A sitemap, or an index of sitemaps."""

    url: _Page


class BucketSettings(_Settings):
    """A bucket or a folder in one, for example `s3://manuals/public`."""

    url: _Bucket


AnySettings = FolderSettings | UrlsSettings | SitemapSettings | BucketSettings
SETTINGS: dict[str, type[AnySettings]] = {
    "folder": FolderSettings,
    "urls": UrlsSettings,
    "sitemap": SitemapSettings,
    "bucket": BucketSettings,
}
