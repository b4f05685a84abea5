"""What every source can do: say what it has, and hand out one of these things."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from pydantic import Field

from storage.postgres.models.base import JsonObject
from storage.records.record import Record


class SourceItem(Record):
    """Something that a source has.

    `modified` changes whenever the content does, or is None where only fetching tells. `sidecar` names a file of
    metadata beside it, `sidecar_modified` changes with that one.
    """

    uri: str
    name: str
    place: str
    modified: str | None = None
    byte_size: int | None = None
    declared_type: str | None = None
    sidecar: str | None = None
    sidecar_modified: str | None = None


class Content(Record):
    """The content of an item, and what to remember to know it as unchanged the next time."""

    data: bytes | Path
    declared_type: str | None = None
    state: JsonObject = Field(default_factory=dict)


class Source(Protocol):
    """A place that documents come from."""

    def items(self) -> Iterator[SourceItem]:
        """Everything there, in a fixed order.

        Raises:
            IngestionError: Not everything could be listed; what was yielded before is there all the same.
        """
        ...

    def fetch(self, item: SourceItem, stored: JsonObject) -> Content | None:
        """The content of an item; None where it is what it was when `stored` was remembered.

        Raises:
            FetchError: It cannot be had.
        """
        ...

    def sidecar(self, place: str) -> bytes:
        """The bytes of a file of metadata, never more than fits one.

        Raises:
            FetchError: It cannot be had.
        """
        ...
