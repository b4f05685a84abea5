"""Every fault of every provider, through the router: an answer or a typed error in time, and never a word of two models."""

import asyncio
import time
import uuid
from collections.abc import Iterator
from typing import Any

from benchmarks.figure import figure
from benchmarks.serving.upstreams.expected import EXPECTED
from benchmarks.serving.upstreams.faults import Behaviour, Fault
from benchmarks.serving.upstreams.protocols import AnthropicWire, GeminiWire, OpenAIWire, Wire
from benchmarks.serving.upstreams.server import Upstream
from serving.inference.errors import ProviderError
from serving.inference.provider import GenerationRequest, Message, Role, TextDelta
from serving.inference.providers.endpoint import Endpoint
from serving.inference.providers.limits import CallLimits
from serving.inference.providers.opening import ConnectedProvider, open_provider
from serving.inference.routing.health import HealthBook
from serving.inference.routing.route import Candidate, Route
from serving.inference.routing.router import Router
from storage.postgres.models.model_connection import ModelProvider

DEADLINE_S = 4.0
_LIMITS = CallLimits(connect_s=0.5, first_token_s=0.4, gap_s=0.3, total_s=3, max_bytes=1_000_000)
_WIRES: dict[ModelProvider, type[Wire]] = {ModelProvider.ANTHROPIC: AnthropicWire, ModelProvider.GOOGLE: GeminiWire}
_SECOND = ("Another ", "model ", "speaks.")


def measure() -> Iterator[dict[str, Any]]:
    """Each fault with and without a second model to fall back to."""
    tried, late, untyped, spliced, answered = asyncio.run(_run())
    yield figure("provider faults: neither answered nor told by a typed error", untyped, "", at_most=0, tried=tried, answered=answered)  # fmt: skip
    yield figure("provider faults: later than the deadline", late, "", at_most=0, deadline_s=DEADLINE_S)
    yield figure("provider faults: texts of two models joined", spliced, "", at_most=0, tried=tried)


async def _run() -> tuple[int, int, int, int, int]:
    tried = late = untyped = spliced = answered = 0
    for provider in ModelProvider:
        for fault in EXPECTED:
            for has_second in (False, True):
                text, outcome, seconds = await _one(provider, fault, has_second=has_second)
                tried += 1
                late += seconds > DEADLINE_S + 0.5
                untyped += outcome == "untyped"
                answered += outcome == "answered"
                spliced += "Another" in text and text != "".join(_SECOND)
    return tried, late, untyped, spliced, answered


async def _one(provider: ModelProvider, fault: Fault, *, has_second: bool) -> tuple[str, str, float]:
    """The text that came, how it ended, and after how many seconds."""
    wire = _WIRES.get(provider, OpenAIWire)
    text, started = "", time.monotonic()
    async with Upstream(wire(), (Behaviour(fault),)) as first, Upstream(wire(), (Behaviour(words=_SECOND),)) as second:
        opened = [_opened(provider, server) for server in ((first, second) if has_second else (first,))]
        route = Route(tuple(Candidate(one, "fake-1", connection_id=uuid.uuid4()) for one in opened), total_s=DEADLINE_S)
        asked = GenerationRequest("Q", (), "fake-1", (Message(Role.USER, "Q"),))
        try:
            async for event in Router(HealthBook()).stream(asked, route):
                text += event.text if isinstance(event, TextDelta) else ""
            outcome = "answered"
        except ProviderError:
            outcome = "typed"
        except Exception:  # noqa: BLE001 - this is what is counted
            outcome = "untyped"
        seconds = time.monotonic() - started
        for one in opened:
            await one.aclose()
    return text, outcome, seconds


def _opened(provider: ModelProvider, server: Upstream) -> ConnectedProvider:
    return open_provider(Endpoint(uuid.uuid4(), provider, server.url, "sk-bench", True, _LIMITS))
