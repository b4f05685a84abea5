"""A folder on this machine as a source that is read again and again."""

from collections.abc import Iterator
from pathlib import Path

from ingestion.errors import FetchError, IntakeError
from ingestion.sources.folder import walk
from ingestion.sources.sidecar import MOST_BYTES, SUFFIXES
from ingestion.sources.source import Content, SourceItem
from storage.postgres.models.base import JsonObject
from storage.records.source_settings import FolderSettings


class FolderSource:
    """The files of a folder; a file is known by its size, its times and its inode."""

    def __init__(self, settings: FolderSettings) -> None:
        self._path = Path(settings.path)

    def items(self) -> Iterator[SourceItem]:
        """Every file, then an error if part of the folder could not be read."""
        problems: list[OSError] = []
        if not self._path.is_dir():
            raise IntakeError(f"There is no folder at `{self._path}`. Check the path, and that it is mounted.")
        found = {source.path: source for source in walk(self._path, on_problem=problems.append)}
        beside = {path.with_name(path.name + suffix) for path in found for suffix in SUFFIXES}
        for path, source in found.items():
            if path in beside:
                continue
            sidecar = next((p for suffix in SUFFIXES if (p := path.with_name(path.name + suffix)) in found), None)
            yield SourceItem(
                uri=source.source_uri,
                name=source.name,
                place=str(path),
                modified=_stamp(path),
                sidecar=str(sidecar) if sidecar else None,
                sidecar_modified=_stamp(sidecar) if sidecar else None,
            )
        if problems:
            raise IntakeError(f"Part of the folder cannot be read: `{problems[0].filename}` ({problems[0].strerror}).")

    def fetch(self, item: SourceItem, stored: JsonObject) -> Content | None:
        """The file, unless it is what it was."""
        if item.modified is not None and stored.get("modified") == item.modified:
            return None
        return Content(data=Path(item.place), state={"modified": item.modified})

    def sidecar(self, place: str) -> bytes:
        """The file of metadata."""
        try:
            with Path(place).open("rb") as opened:
                return opened.read(MOST_BYTES + 1)
        except OSError as error:
            raise FetchError(f"`{place}` cannot be read ({error.strerror}).") from error


def _stamp(path: Path) -> str | None:
    try:
        state = path.stat()
    except OSError:
        return None
    return f"{state.st_size}:{state.st_mtime_ns}:{state.st_ctime_ns}:{state.st_ino}"
