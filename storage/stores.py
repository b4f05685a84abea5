"""The stores of a process, opened together."""

from dataclasses import dataclass

from sqlalchemy import Engine

from storage.files.store import FileStore
from storage.lance.store import VectorStore
from storage.postgres.engine import app_engine, owner_engine
from storage.postgres.models import registry  # noqa: F401 - foreign keys are resolved by name, so every table is needed
from storage.settings import StorageSettings


@dataclass(frozen=True, slots=True)
class Stores:
    """Everything that keeps data. `owner` is for leases and reconciling only; requests use `app`."""

    owner: Engine
    app: Engine
    vectors: VectorStore
    files: FileStore
    settings: StorageSettings

    def close(self) -> None:
        """Give the database connections back."""
        self.owner.dispose()
        self.app.dispose()


def open_stores(settings: StorageSettings) -> Stores:
    """Open the stores of these settings. Connects to nothing yet; each store does on first use."""
    return Stores(
        owner=owner_engine(settings),
        app=app_engine(settings),
        vectors=VectorStore(settings.lance_uri, memory_mb=settings.vector_memory_mb),
        files=FileStore(settings.files_uri),
        settings=settings,
    )
