"""What one API process holds: engines, stores, the embedder and the ways to models, opened once."""

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncEngine

from ingestion.embedding.embedder import Embedder, default_embedder
from serving.conversations.answer_cache import AnswerCache
from serving.conversations.live.hub import LiveHub
from serving.conversations.memory.beside import Beside
from serving.conversations.streams.hub import StreamHub
from serving.conversations.streams.visitor_places import VisitorPlaces
from serving.inference.connections.hosts import ModelHosts
from serving.inference.connections.pool import ConnectionPool
from serving.inference.extractive import MODEL, ExtractiveProvider
from serving.inference.routing.health import HealthBook
from serving.inference.routing.resolving import RouteResolver
from serving.inference.routing.router import Router
from serving.retrieval.corpora import Corpora
from serving.retrieval.reranker import CrossEncoderReranker, Reranker
from serving.settings import ServingSettings
from serving.telemetry.metrics import count_attempt
from storage.postgres.engine import app_async_engine
from storage.secrets.vault import Vault
from storage.secrets.wrapping_keys import wrapping_keys
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
    vault: Vault
    connections: ConnectionPool
    routes: RouteResolver
    router: Router
    corpora: Corpora = field(default_factory=Corpora)
    reranker: Reranker | None = None
    answers: AnswerCache = field(default_factory=AnswerCache)
    streams: StreamHub = field(default_factory=lambda: StreamHub(ServingSettings(_env_file=None).admission_limits))
    visitor_places: VisitorPlaces = field(
        default_factory=lambda: VisitorPlaces(ServingSettings(_env_file=None).admission_limits)
    )
    live: LiveHub = field(default_factory=LiveHub)
    beside: Beside = field(default_factory=Beside)

    @property
    def vectors(self) -> "VectorStore":
        """The vector tables."""
        return self.stores.vectors

    def forget(self, organization_id: uuid.UUID | None) -> None:
        """Drop answers that lie in memory, an organization's or everybody's: something of them is erased."""
        self.answers.forget(organization_id)
        self.streams.forget(organization_id)

    async def close(self) -> None:
        """Give the connections back."""
        await self.beside.close()
        await self.connections.close()
        await self.engine.dispose()
        self.stores.close()


def open_context(storage: StorageSettings, serving: ServingSettings) -> ServingContext:
    """Open the stores. The embedding model loads at its first use."""
    embedder = default_embedder()
    engine = app_async_engine(storage)
    extractive = ExtractiveProvider(embedder)
    vault = Vault(lambda: wrapping_keys(storage))
    connections = ConnectionPool(vault, ModelHosts(serving.model_hosts))
    streams = StreamHub(serving.admission_limits)
    return ServingContext(
        settings=serving,
        engine=engine,
        stores=open_stores(storage),
        embedder=embedder,
        vault=vault,
        connections=connections,
        routes=RouteResolver(connections, extractive, MODEL),
        router=Router(HealthBook(), on_attempt=count_attempt),
        streams=streams,
        live=LiveHub(stop=streams.stop_as_asked),
        visitor_places=VisitorPlaces(serving.admission_limits),
        reranker=CrossEncoderReranker(serving.reranker) if serving.reranker else None,
    )
