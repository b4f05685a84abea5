"""A bucket, or a folder in one, through fsspec."""

from collections.abc import Iterator
from typing import Any

from ingestion.errors import FetchError, IntakeError
from ingestion.settings import ingest_settings
from ingestion.sources.sidecar import MOST_BYTES, SUFFIXES
from ingestion.sources.source import Content, SourceItem
from storage.postgres.models.base import JsonObject
from storage.records.source_settings import BucketSettings

_STAMPS = ("ETag", "etag", "LastModified", "last_modified", "updated", "mtime", "created")
_EXTRAS = {"s3": "s3"}


class BucketSource:
    """The objects under an address; one is known by its ETag or by its size and time."""

    def __init__(self, bucket: BucketSettings) -> None:
        import fsspec

        self._url = bucket.url.rstrip("/")
        self._protocol = bucket.url.split("://")[0]
        try:
            self._files, self._root = fsspec.core.url_to_fs(self._url, use_listings_cache=False)
        except ImportError as error:
            extra = _EXTRAS.get(self._protocol)
            install = f"pip install 'pixel-ai-creator[{extra}]'" if extra else str(error)
            raise IntakeError(f"`{self._url}` needs a package that is not installed: {install}") from error

    def items(self) -> Iterator[SourceItem]:
        """Every object, by name; hidden ones are left out."""
        try:
            found: dict[str, dict[str, Any]] = self._files.find(self._root, detail=True)
        except (OSError, ValueError) as error:
            raise FetchError(f"`{self._url}` cannot be listed ({type(error).__name__}).") from error
        beside = {name + suffix for name in found for suffix in SUFFIXES}
        for path, info in sorted(found.items()):
            inside = path.removeprefix(self._root).lstrip("/") or path.rsplit("/", 1)[-1]
            if path in beside or any(part.startswith(".") for part in inside.split("/")):
                continue
            sidecar = next((path + suffix for suffix in SUFFIXES if path + suffix in found), None)
            yield SourceItem(
                uri=f"{self._url}/{inside}",
                name=inside.rsplit("/", 1)[-1],
                place=path,
                modified=_stamp(info),
                byte_size=info.get("size"),
                sidecar=sidecar,
                sidecar_modified=_stamp(found[sidecar]) if sidecar else None,
            )

    def fetch(self, item: SourceItem, stored: JsonObject) -> Content | None:
        """The object, unless it is what it was."""
        if item.modified is not None and stored.get("modified") == item.modified:
            return None
        data = self._read(item.place, ingest_settings().max_file_bytes)
        return Content(data=data, state={"modified": item.modified})

    def sidecar(self, place: str) -> bytes:
        """The object of metadata."""
        return self._read(place, MOST_BYTES)

    def _read(self, path: str, limit: int) -> bytes:
        try:
            with self._files.open(path, "rb") as opened:
                data: bytes = opened.read(limit + 1)
        except (OSError, ValueError) as error:
            raise FetchError(f"`{path}` cannot be read ({type(error).__name__}).") from error
        if len(data) > limit:
            raise FetchError(f"`{path}` has more than {limit} bytes; make it smaller or split it.")
        return data


def _stamp(info: dict[str, Any]) -> str | None:
    stamps = [str(info[name]) for name in _STAMPS if info.get(name) is not None]
    return ":".join([str(info.get("size")), *stamps]) if stamps else None
