"""Every fault at every provider: a typed error in time, or the whole answer, and never a word that was not sent."""

import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from benchmarks.serving.upstreams.expected import EXPECTED, HAS_BEGUN
from benchmarks.serving.upstreams.faults import Behaviour, Fault
from benchmarks.serving.upstreams.protocols import LEAK
from benchmarks.serving.upstreams.server import Upstream
from serving.inference.errors import ProviderError, ProviderErrorKind
from serving.inference.provider import Event
from serving.inference.providers.opening import ConnectedProvider
from storage.postgres.models.model_connection import ModelProvider
from tests.factories.model_servers import KEY, connected, request, text_of, upstream

Kind = ProviderErrorKind


@pytest_asyncio.fixture(params=list(ModelProvider), loop_scope="session")
async def served(request: pytest.FixtureRequest) -> AsyncIterator[tuple[ConnectedProvider, Upstream]]:
    async with upstream(request.param) as server:
        provider = connected(request.param, server)
        yield provider, server
        await provider.aclose()


class TestFaults:
    def test_every_fault_is_tried(self) -> None:
        assert set(Fault) - set(EXPECTED) == {Fault.NONE}

    @pytest.mark.parametrize("fault", EXPECTED)
    async def test_it_is_told_by_its_kind_in_time(
        self, served: tuple[ConnectedProvider, Upstream], fault: Fault
    ) -> None:
        provider, server = served
        server.behave(Behaviour(fault))
        started, events = time.monotonic(), list[Event]()
        with pytest.raises(ProviderError) as raised:
            async for event in provider.stream(request()):
                events.append(event)
        assert raised.value.kind is EXPECTED[fault]
        assert time.monotonic() - started < 2
        assert len(server.received) == 1, "no SDK may try again by itself"
        text = text_of(events)
        assert text.startswith("Sixty ") if fault in HAS_BEGUN else text == ""
        if fault is not Fault.ENDLESS:
            assert text in ("", "Sixty ")
        told = f"{raised.value} {raised.value.__cause__} {raised.value.args}"
        for secret in (KEY, LEAK, "127.0.0.1", "warranty"):
            assert secret not in told

    async def test_the_next_call_is_answered(self, served: tuple[ConnectedProvider, Upstream]) -> None:
        provider, server = served
        for fault in (Fault.CUT, Fault.GARBAGE, Fault.ENDLESS, Fault.BROKEN):
            server.behave(Behaviour(fault), Behaviour())
            with pytest.raises(ProviderError):
                async for _ in provider.stream(request()):
                    pass
            assert text_of([e async for e in provider.stream(request())]) == "Sixty months [1]."


class TestRetryAfter:
    @pytest.mark.parametrize("fault", [Fault.RATE_LIMITED, Fault.UNAVAILABLE])
    async def test_what_the_provider_asks_for_is_kept(
        self, served: tuple[ConnectedProvider, Upstream], fault: Fault
    ) -> None:
        provider, server = served
        server.behave(Behaviour(fault, retry_after_s=7))
        with pytest.raises(ProviderError) as raised:
            async for _ in provider.stream(request()):
                pass
        assert raised.value.retry_after_s == 7


class TestDeadline:
    async def test_an_answer_that_comes_too_late_is_ended(self, served: tuple[ConnectedProvider, Upstream]) -> None:
        provider, server = served
        server.behave(Behaviour(words=("more ",) * 100, interval_s=0.05))
        started = time.monotonic()
        with pytest.raises(ProviderError) as raised:
            async for _ in provider.stream(request(deadline=started + 0.4)):
                pass
        assert raised.value.kind is Kind.TIMEOUT
        assert time.monotonic() - started < 0.8
