"""The API application."""

import asyncio
import contextlib
import gc
import importlib
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime

import structlog
from fastapi import FastAPI

from ingestion.language.identification import load_by_language
from serving import health
from serving.accounts.authentication import AuthenticationMiddleware
from serving.accounts.endpoints import router as accounts
from serving.accounts.group_endpoints import router as groups
from serving.billing.endpoints import router as billing
from serving.body_limit import BodyLimitMiddleware
from serving.bots.endpoints import router as bots
from serving.chat_page.endpoints import router as chat_page
from serving.context import ServingContext, open_context
from serving.conversations.endpoints import router as conversations
from serving.conversations.handovers.endpoints import router as handovers
from serving.conversations.live.endpoints import router as live
from serving.conversations.live.listener import listen, tell
from serving.conversations.memory.endpoints import router as memory
from serving.conversations.openai_endpoints import router as openai
from serving.conversations.openings.endpoints import router as openings
from serving.conversations.streams.early import EarlyRefusalMiddleware
from serving.conversations.streams.leases import keep_leases
from serving.erasures.endpoints import router as erasures
from serving.errors import install_handlers
from serving.feedback.endpoints import router as feedback
from serving.index_versions.endpoints import router as index_versions
from serving.inference.connections.endpoints import router as models
from serving.ingestions.endpoints import router as ingestions
from serving.judgements.endpoints import router as judgements
from serving.knowledge.bulk_endpoints import router as bulk
from serving.knowledge.endpoints import router as knowledge
from serving.knowledge.version_endpoints import router as versions
from serving.language.endpoints import router as language
from serving.language.entities.find import find_entities
from serving.language.intents.endpoints import router as intents
from serving.language.sentiment import sentiment_of
from serving.retrieval.endpoints import router as search
from serving.retrieval.prewarm import prewarm_forever
from serving.settings import ServingSettings, serving_settings
from serving.sources.endpoints import router as sources
from serving.telemetry import tracing
from serving.telemetry.endpoints import router as telemetry
from serving.traffic.endpoints import router as traffic
from serving.visitors.endpoints import router as visitors
from storage.settings import StorageSettings, storage_settings

log = structlog.get_logger(__name__)

_FORM_OVERHEAD = 1024 * 1024  # room for the parts of a multipart body beside the file itself


def create_app(storage: StorageSettings | None = None, serving: ServingSettings | None = None) -> FastAPI:
    """The application; stores open when it starts and close when it stops.

    Args:
        storage: Where the stores live; from the environment unless given.
        serving: How the API behaves; from the environment unless given.
    """
    serving = serving or serving_settings()
    tracing.configure(serving.otlp_endpoint)
    app = FastAPI(
        title="Pixel AI Creator",
        description="Chatbots that can prove every answer.",
        version="0.1.0",
        lifespan=_lifespan(lambda: open_context(storage or storage_settings(), serving)),
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False},
    )
    app.add_middleware(BodyLimitMiddleware, upload_bytes=serving.max_upload_mb * 1024 * 1024 + _FORM_OVERHEAD)
    app.add_middleware(AuthenticationMiddleware, engine=lambda: app.state.context.engine)
    app.add_middleware(EarlyRefusalMiddleware, streams=lambda: app.state.context.streams)
    install_handlers(app)
    # Routes are looked through in this order: those that people wait for come first.
    for router in (
        openai,
        conversations,
        health.router,
        telemetry,
        traffic,
        accounts,
        groups,
        bots,
        billing,
        intents,
        language,
        knowledge,
        versions,
        bulk,
        sources,
        ingestions,
        index_versions,
        models,
        erasures,
        chat_page,
        visitors,
        memory,
        live,
        handovers,
        openings,
        feedback,
        search,
        judgements,
    ):
        app.include_router(router)
    return app


# An embedding model that must be exported first takes longer: then requests are accepted meanwhile.
_WARM_WITHIN_S = 4.0
_BETWEEN_LANGUAGES_S = 0.05


def _warm_up(context: ServingContext, ready: threading.Event) -> None:
    """Load what the first requests would wait for: the embedding model, words of time, the SDK of most providers, languages.

    Loading holds the interpreter, and streams would stand still meanwhile: what cannot be had in small parts comes before
    them. What is loaded stays for good: taken out of the collector's sight, since a full collection over the objects of the
    models stops every stream for half a second.
    """
    try:
        context.embedder.embed(["warm up"])
        find_entities("Order AB-12345 comes tomorrow for $5", reference=datetime.now(UTC), language="en")
        sentiment_of("How are you?", "en")
        importlib.import_module("openai")
        gc.collect()
        gc.freeze()
    finally:
        gc.enable()
        ready.set()
    for _ in load_by_language():
        time.sleep(_BETWEEN_LANGUAGES_S)
    log.info("api_warm")


def _lifespan(opener: Callable[[], ServingContext]) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        context = opener()
        app.state.context = context
        ready = threading.Event()
        threading.Thread(target=_warm_up, args=(context, ready), name="warm-up", daemon=True).start()
        await asyncio.to_thread(ready.wait, _WARM_WITHIN_S)
        # Tasks that go on beside the requests, and end with the process.
        beside = [
            asyncio.create_task(
                keep_leases(context.engine, lambda: [one.message_id for one in context.streams.running])
            ),
            asyncio.create_task(prewarm_forever(context.engine)),
            asyncio.create_task(listen(context.engine, context.live, context.forget)),
            asyncio.create_task(tell(context.engine, context.live)),
        ]
        log.info("api_started")
        yield
        await context.streams.close()
        for task in beside:
            task.cancel()
        for task in beside:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await context.close()
        log.info("api_stopped")

    return lifespan
