"""The API application."""

import asyncio
import contextlib
import gc
import importlib
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime

import structlog
from fastapi import FastAPI

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
from serving.language.analysis import BotLanguage, analyse_words
from serving.language.endpoints import router as language
from serving.language.intents.endpoints import router as intents
from serving.language.intents.models import NOT_TRAINED
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


# Loading what requests need holds the interpreter: streams would stand still meanwhile, so it comes before them.
_WARM_WITHIN_S = 4.0
# Middle collections before a full one, 10 by default. A full one stops a process with 500 streams for 0.15 s, found nothing, and
# under a storm of questions came every two seconds.
_FULL_COLLECTION_AFTER = 200


def _warm_up(context: ServingContext) -> None:
    """Load what the first requests would wait for: the embedding model, languages, the SDK of most providers.

    What is loaded by then stays for good: taken out of the collector's sight, since a full collection over the objects of
    the models stops every stream for half a second. What streams hold is no garbage either until they end, so it is looked
    through a twentieth as often as by default.
    """
    try:
        # Compiling the model needs the interpreter least of all, and languages nothing else: they load side by side.
        model = threading.Thread(target=context.embedder.embed, args=(["warm up"],), name="warm-up-model", daemon=True)
        model.start()
        nobody = BotLanguage(NOT_TRAINED)
        analyse_words("How are you? Order AB-12345 comes tomorrow for $5", nobody, reference=datetime.now(UTC))
        importlib.import_module("openai")
        model.join()
        gc.collect()
        gc.freeze()
        gc.set_threshold(*gc.get_threshold()[:2], _FULL_COLLECTION_AFTER)
    finally:
        gc.enable()  # whoever starts the process may have turned it off, and it must not stay so
    log.info("api_warm")


def _lifespan(opener: Callable[[], ServingContext]) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        context = opener()
        app.state.context = context
        # An embedding model that must be exported first takes longer: then requests are accepted meanwhile.
        warming = threading.Thread(target=_warm_up, args=(context,), name="warm-up", daemon=True)
        warming.start()
        await asyncio.to_thread(warming.join, _WARM_WITHIN_S)
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
