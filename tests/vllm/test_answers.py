"""Answers of a real vLLM server through the product's own adapter."""

import asyncio
import json
from contextlib import aclosing
from typing import Any, cast

import httpx2
import pytest

from serving.inference.errors import ProviderError, ProviderErrorKind
from serving.inference.provider import Completed, FinishReason, JsonSchema, TextDelta
from tests.factories.model_servers import collect, completed
from tests.vllm.conftest import MOST_RUNNING, MOST_WAITING, Running, asked, idle_within, text_of

SCHEMA = {
    "type": "object",
    "properties": {"ok": {"type": "boolean"}, "kind": {"enum": ["red", "green"]}},
    "required": ["ok", "kind"],
    "additionalProperties": False,
}
DISCONNECTS = 24


class TestStream:
    async def test_pieces_usage_and_the_end(self, running: Running) -> None:
        provider = running.provider()
        text, events = await collect(provider.stream(asked("tiny", tokens=50)))
        end = completed(events)
        assert sum(isinstance(event, TextDelta) for event in events) > 10
        assert (end.finish_reason, end.usage.completion_tokens) == (FinishReason.LENGTH, 50)
        assert not end.usage.is_estimated
        assert len(text) == 50
        await provider.aclose()

    async def test_the_models_are_base_and_adapters(self, running: Running) -> None:
        provider = running.provider()
        assert {"tiny", running.served_name("formal"), running.served_name("brief")} <= set(await provider.models())
        await provider.aclose()

    async def test_a_salt_keeps_prefixes_apart(self, running: Running) -> None:
        provider = running.provider()
        prompt = "The same long prefix, said again and again. " * 20
        cached = []
        for salt in ("one", "one", "two"):
            _, events = await collect(provider.stream(asked("tiny", prompt, tokens=4, cache_salt=salt)))
            cached.append(completed(events).usage.cached_prompt_tokens)
        assert cached[0] == cached[2] == 0
        assert cached[1] > 500
        await provider.aclose()

    async def test_too_long_a_prompt_is_typed(self, running: Running) -> None:
        provider = running.provider()
        with pytest.raises(ProviderError) as caught:
            await text_of(provider, asked("tiny", "x" * 9000))
        assert caught.value.kind is ProviderErrorKind.CONTEXT_TOO_LONG
        await provider.aclose()

    async def test_an_unknown_model_is_typed(self, running: Running) -> None:
        provider = running.provider()
        with pytest.raises(ProviderError) as caught:
            await text_of(provider, asked("nobody"))
        assert caught.value.kind is ProviderErrorKind.UNKNOWN_MODEL
        await provider.aclose()


class TestForced:
    async def test_json_of_a_schema(self, running: Running) -> None:
        provider = running.provider()
        request = asked("tiny", tokens=300, response_schema=JsonSchema("verdict", SCHEMA))
        found = json.loads(await text_of(provider, request))
        assert isinstance(found["ok"], bool)
        assert found["kind"] in ("red", "green")
        await provider.aclose()


class TestDisconnect:
    async def test_the_server_stops_when_readers_leave(self, running: Running) -> None:
        provider = running.provider()

        async def leave(number: int) -> None:
            async with aclosing(cast("Any", provider.stream(asked("tiny", f"Tell {number}", tokens=1500)))) as events:
                async for event in events:
                    assert isinstance(event, TextDelta)
                    return

        for begin in range(0, DISCONNECTS, MOST_RUNNING):
            await asyncio.gather(*(leave(begin + number) for number in range(MOST_RUNNING)))
        assert await idle_within(running, 5)
        await provider.aclose()


class TestOverload:
    async def test_what_is_too_much_is_refused_at_once_and_the_rest_is_answered(self, running: Running) -> None:
        provider = running.provider()
        asked_for = 4 * (MOST_RUNNING + MOST_WAITING)

        async def one(number: int) -> Completed | ProviderErrorKind:
            try:
                return completed((await collect(provider.stream(asked("tiny", f"Say {number}", tokens=600))))[1])
            except ProviderError as error:
                return error.kind

        async with asyncio.timeout(120):
            found = await asyncio.gather(*(one(number) for number in range(asked_for)))
        answered = [one for one in found if isinstance(one, Completed)]
        assert len(answered) >= MOST_RUNNING + MOST_WAITING
        assert all(one.usage.completion_tokens == 600 for one in answered)
        refused = [one for one in found if isinstance(one, ProviderErrorKind)]
        assert set(refused) == {ProviderErrorKind.OVERLOADED}
        assert await idle_within(running, 5)
        await provider.aclose()


class TestDoor:
    @pytest.mark.parametrize("path", ["/v1/models", "/adapters", "/invocations", "/tokenize", "/v1/chat/completions"])
    def test_nothing_opens_without_the_key(self, running: Running, path: str) -> None:
        response = httpx2.post(f"{running.state.url}{path}", json={})
        assert response.status_code == 401

    @pytest.mark.parametrize("path", ["/adapters", "/invocations", "/v1/load_lora_adapter"])
    def test_other_ways_to_adapters_and_tokens_stay_closed_with_it(self, running: Running, path: str) -> None:
        headers = {"Authorization": f"Bearer {running.home.key()}"}
        response = httpx2.post(f"{running.state.url}{path}", json={}, headers=headers)
        assert response.status_code in (404, 409)

    def test_the_key_is_the_owners_alone(self, running: Running) -> None:
        assert (running.home.path / "key").stat().st_mode & 0o777 == 0o600
        assert running.home.key() not in " ".join(running.state.arguments)
