"""Model servers and providers that talk to them."""

import asyncio
import threading
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.serving.upstreams.protocols import AnthropicWire, GeminiWire, OpenAIWire, Wire
from benchmarks.serving.upstreams.server import Upstream
from serving.inference.provider import Completed, Event, GenerationRequest, Message, Role, TextDelta
from serving.inference.providers.endpoint import Endpoint
from serving.inference.providers.limits import CallLimits
from serving.inference.providers.opening import ConnectedProvider, open_provider
from storage.postgres.models.model_connection import ModelProvider

KEY = "sk-test-key-that-must-never-be-shown"
QUICK = CallLimits(connect_s=0.5, first_token_s=0.4, gap_s=0.3, total_s=3, max_bytes=1_000_000)
WIRES: dict[ModelProvider, type[Wire]] = {
    ModelProvider.OPENAI: OpenAIWire,
    ModelProvider.VLLM: OpenAIWire,
    ModelProvider.OLLAMA: OpenAIWire,
    ModelProvider.ANTHROPIC: AnthropicWire,
    ModelProvider.GOOGLE: GeminiWire,
}


def upstream(provider: ModelProvider) -> Upstream:
    """A server that speaks a provider's protocol."""
    return Upstream(WIRES[provider]())


def connected(
    provider: ModelProvider, server: Upstream, *, key: str | None = KEY, limits: CallLimits = QUICK
) -> ConnectedProvider:
    """The provider, at this server."""
    return open_provider(endpoint(provider, server.url, key=key, limits=limits))


def endpoint(
    provider: ModelProvider, url: str, *, key: str | None = KEY, limits: CallLimits = QUICK, may_be_private: bool = True
) -> Endpoint:
    """An endpoint at an address."""
    return Endpoint(uuid.uuid4(), provider, url, key, may_be_private, limits)


def request(question: str = "How long is the warranty?", **more: Any) -> GenerationRequest:
    """A request with a prompt."""
    messages = (Message(Role.SYSTEM, "Answer from the passages."), Message(Role.USER, question))
    return GenerationRequest(**{"question": question, "evidence": (), "model": "fake-1", "messages": messages, **more})


async def collect(events: AsyncIterator[Event]) -> tuple[str, list[Event]]:
    """The text of a stream, and all of its events."""
    found = [event async for event in events]
    return text_of(found), found


def text_of(events: list[Event]) -> str:
    """The text of events."""
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def completed(events: list[Event]) -> Completed:
    """The last event."""
    assert isinstance(events[-1], Completed)
    return events[-1]


@contextmanager
def served(provider: ModelProvider) -> Iterator[Upstream]:
    """A server in a thread of its own, for tests that wait for an API."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = upstream(provider)
    asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(10)
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(server.__aexit__(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
