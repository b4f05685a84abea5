"""The installation that a run works on: its settings and its stores."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from storage.settings import StorageSettings, storage_settings
from storage.stores import Stores, open_stores


class Installation(dg.ConfigurableResource[None]):
    """The stores of this process's settings. It holds none of them, so no password gets into Dagster's database."""

    @property
    def settings(self) -> StorageSettings:
        """Where the stores are."""
        return storage_settings()

    @contextmanager
    def open(self) -> Iterator[Stores]:
        """The stores, closed at the end of the block."""
        stores = open_stores(self.settings)
        try:
            yield stores
        finally:
            stores.close()
