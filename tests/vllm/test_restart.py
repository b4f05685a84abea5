"""The server dies while people listen, and comes back."""

import asyncio
import os
import signal
from typing import Any

import psutil

from serving.inference.errors import ProviderError, ProviderErrorKind
from serving.inference.provider import TextDelta
from serving.inference.routing.breaker import BreakerSettings, BreakerState
from serving.inference.routing.health import HealthBook
from serving.inference.routing.route import Candidate, Route, Routed, RoutingRule
from serving.inference.routing.router import Router
from tests.factories.families import left_after
from tests.vllm.conftest import LIMITS, Running, asked, text_of

TOKENS = 7000
BEGUN = 10
DEADLINE_S = 15
GONE_WITHIN_S = 10
Gone = (ProviderErrorKind.CUT, ProviderErrorKind.CONNECTION)


async def told(
    router: Router, route: Route, *, tokens: int = 20, has_begun: asyncio.Event | None = None
) -> tuple[str, Any]:
    """The text of an answer, and the error that ended it, if one did. `has_begun` is set at its first words."""
    text = ""
    try:
        async for event in router.stream(asked("tiny", tokens=tokens), route):
            if isinstance(event, TextDelta):
                text += event.text
                if has_begun is not None and len(text) >= BEGUN:
                    has_begun.set()
            else:
                assert not isinstance(event, Routed) or not text
    except ProviderError as error:
        return text, error.kind
    return text, None


class TestKilled:
    async def test_typed_errors_then_the_breaker_then_answers_again(self, running: Running) -> None:
        provider = running.provider()
        whole = await text_of(provider, asked("tiny", tokens=TOKENS))
        adapter_says = await text_of(provider, asked(running.served_name("formal")))
        router = Router(HealthBook(BreakerSettings(open_s=0.5)))
        route = Route(
            (Candidate(provider, "tiny", accepted=frozenset({"temperature", "max_tokens"})),),
            rule=RoutingRule.PINNED,
            total_s=LIMITS.total_s,
        )
        family = psutil.Process(running.pid).children(recursive=True)
        pid, begun = running.pid, [asyncio.Event() for _ in range(3)]
        streams = [asyncio.create_task(told(router, route, tokens=TOKENS, has_begun=one)) for one in begun]
        async with asyncio.timeout(LIMITS.total_s):
            await asyncio.gather(*(one.wait() for one in begun))
        os.kill(pid, signal.SIGKILL)  # at once: how fast answers come depends on the machine
        async with asyncio.timeout(DEADLINE_S):
            cut = await asyncio.gather(*streams)
        for text, kind in cut:
            assert kind in Gone, (kind, len(text), len(whole))
            assert whole.startswith(text)
            assert len(text) < len(whole)
        left = await asyncio.to_thread(left_after, family, GONE_WITHIN_S)
        assert not left  # what it had started does not go on polling, with its memory
        kinds = [(await told(router, route))[1] for _ in range(12)]
        assert ProviderErrorKind.UNAVAILABLE in kinds
        assert set(kinds) <= {*Gone, ProviderErrorKind.UNAVAILABLE}
        assert router.health.model(route.candidates[0].key).breaker.state is not BreakerState.CLOSED
        await asyncio.to_thread(running.start)
        assert await told(router, route) == (whole[:20], None)
        assert await text_of(provider, asked(running.served_name("formal"))) == adapter_says
        await provider.aclose()
