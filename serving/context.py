"""What one API process holds: engines, stores, the embedder and the providers, opened once."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncEngine

from ingestion.embedding.embedder import Embedder, default_embedder
from serving.conversations.answer_cache import AnswerCache
from serving.conversations.streams.hub import StreamHub
from serving.inference.extractive import ExtractiveProvider
from serving.inference.provider import Provider
from serving.retrieval.corpora import Corpora
from serving.retrieval.reranker import CrossEncoderReranker, Reranker
from serving.settings import ServingSettings
from storage.postgres.engine import app_async_engine
from storage.settings import StorageSettings
from storage.stores import Stores, open_stores

if TYPE_CHECKING:
    from storage.lance.store import VectorStore


@dataclass(frozen=True)
class ServingContext:
    """Shared by every request; nothing in it belongs to one."""

    settings: ServingSettings
    engine: AsyncEngine
    stores: Stores
    embedder: Embedder
    providers: dict[str, Provider]
    corpora: Corpora = field(default_factory=Corpora)
    reranker: Reranker | None = None
    answers: AnswerCache = field(default_factory=AnswerCache)
    streams: StreamHub = field(default_factory=lambda: StreamHub(ServingSettings(_env_file=None).admission_limits))

    @property
    def vectors(self) -> "VectorStore":
        """The vector tables."""
        return self.stores.vectors

    async def close(self) -> None:
        """Give the connections back."""
        await self.engine.dispose()
        self.stores.close()


def open_context(storage: StorageSettings, serving: ServingSettings) -> ServingContext:
    """Open the stores. The embedding model loads at its first use."""
    embedder = default_embedder()
    return ServingContext(
        settings=serving,
        engine=app_async_engine(storage),
        stores=open_stores(storage),
        embedder=embedder,
        providers={"extractive": ExtractiveProvider(embedder)},
        streams=StreamHub(serving.admission_limits),
        reranker=CrossEncoderReranker(serving.reranker) if serving.reranker else None,
    )
