"""What each provider sends and understands."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, cast

import pytest
import pytest_asyncio

from benchmarks.serving.upstreams.faults import Behaviour, Fault
from benchmarks.serving.upstreams.protocols import ARGUMENTS
from benchmarks.serving.upstreams.server import Upstream
from serving.inference.errors import ProviderError, ProviderErrorKind
from serving.inference.provider import (
    FinishReason,
    JsonSchema,
    Message,
    Role,
    TextDelta,
    TokenUsage,
    Tool,
    ToolCall,
    ToolChoice,
    ToolMode,
)
from serving.inference.providers.opening import ConnectedProvider, open_provider
from storage.postgres.models.model_connection import ModelProvider
from tests.factories.model_servers import (
    KEY,
    QUICK,
    collect,
    completed,
    connected,
    endpoint,
    request,
    text_of,
    upstream,
)

SCHEMA = {"type": "object", "properties": {"order": {"type": "string"}}, "required": ["order"]}
LOOK_UP = Tool("look_up", "Looks an order up", SCHEMA)
OPENAI_LIKE = (ModelProvider.OPENAI, ModelProvider.VLLM, ModelProvider.OLLAMA)
Served = tuple[ModelProvider, ConnectedProvider, Upstream]


@pytest_asyncio.fixture(params=list(ModelProvider), loop_scope="session")
async def served(request: pytest.FixtureRequest) -> AsyncIterator[Served]:
    async with upstream(request.param) as server:
        provider = connected(request.param, server)
        yield request.param, provider, server
        await provider.aclose()


class TestAnswer:
    async def test_text_reason_usage_and_names(self, served: Served) -> None:
        _, provider, _ = served
        text, events = await collect(provider.stream(request()))
        assert text == "Sixty months [1]."
        assert [type(e) for e in events[:-1]] == [TextDelta] * 3
        last = completed(events)
        assert (last.finish_reason, last.model) == (FinishReason.STOP, "fake-1")
        assert last.usage == TokenUsage(100, 3, 40)
        assert last.request_id in ("req_1", "r")

    async def test_usage_that_is_not_told_is_estimated(self, served: Served) -> None:
        _, provider, server = served
        server.behave(Behaviour(has_usage=False))
        usage = completed((await collect(provider.stream(request())))[1]).usage
        assert usage.is_estimated
        assert (usage.prompt_tokens, usage.completion_tokens) == (22, 5)

    async def test_a_tool_is_asked_for_whole(self, served: Served) -> None:
        _, provider, server = served
        server.behave(Behaviour(words=(), tool="look_up"))
        _, events = await collect(provider.stream(request(tools=(LOOK_UP,))))
        (call,) = [event for event in events if isinstance(event, ToolCall)]
        assert (call.name, json.loads(call.arguments)) == ("look_up", json.loads(ARGUMENTS))
        assert completed(events).finish_reason is FinishReason.TOOL_CALLS
        assert "look_up" in json.dumps(server.received[0].body)

    async def test_many_pieces_in_one_go_keep_their_order(self, served: Served) -> None:
        _, provider, server = served
        words = tuple(f"{number} ü漢 " for number in range(2000))
        server.behave(Behaviour(words=words))
        assert (await collect(provider.stream(request())))[0] == "".join(words)

    async def test_one_connection_serves_one_call_after_another(self, served: Served) -> None:
        _, provider, server = served
        for _ in range(5):
            await collect(provider.stream(request()))
        assert server.connections == 1

    async def test_its_models_are_listed(self, served: Served) -> None:
        _, provider, server = served
        server.models = ("fake-2", "fake-1")
        assert await provider.models() == ["fake-1", "fake-2"]

    async def test_a_revoked_key_is_told_when_models_are_listed(self, served: Served) -> None:
        _, provider, server = served
        server.behave(Behaviour(Fault.BAD_KEY))
        with pytest.raises(ProviderError) as raised:
            await provider.models()
        assert raised.value.kind is ProviderErrorKind.UNAUTHENTICATED


class TestRequest:
    async def test_parameters_and_schema_arrive_by_the_protocols_names(self, served: Served) -> None:
        kind, provider, server = served
        parameters = {"temperature": 0.5, "max_tokens": 50, "stop": ["END"]}
        schema = JsonSchema("order", SCHEMA)
        await collect(provider.stream(request(parameters=parameters, response_schema=schema)))
        body = server.received[0].body
        if kind in OPENAI_LIKE:
            assert body["max_completion_tokens" if kind is ModelProvider.OPENAI else "max_tokens"] == 50
            assert (body["temperature"], body["stop"]) == (0.5, ["END"])
            assert body["response_format"]["json_schema"]["schema"] == SCHEMA
            assert body["stream_options"] == {"include_usage": True}
            assert body["messages"][0] == {"role": "system", "content": "Answer from the passages."}
        elif kind is ModelProvider.ANTHROPIC:
            assert (body["max_tokens"], body["temperature"], body["stop_sequences"]) == (50, 0.5, ["END"])
            assert body["output_config"]["format"]["schema"] == SCHEMA
            assert body["system"] == "Answer from the passages."
        else:
            config = body["generationConfig"]
            assert (config["maxOutputTokens"], config["temperature"], config["stopSequences"]) == (50, 0.5, ["END"])
            assert config["responseMimeType"] == "application/json"
            assert body["systemInstruction"]["parts"][0]["text"] == "Answer from the passages."

    async def test_a_tools_answer_goes_back(self, served: Served) -> None:
        _, provider, server = served
        call = ToolCall("call_1", "look_up", ARGUMENTS)
        messages = (
            Message(Role.USER, "Where is my order?"),
            Message(Role.ASSISTANT, "", (call,)),
            Message(Role.TOOL, "on its way", tool_call_id="call_1"),
        )
        await collect(provider.stream(request(messages=messages, tools=(LOOK_UP,))))
        sent = json.dumps(server.received[0].body)
        assert "on its way" in sent
        assert "A-17" in sent

    async def test_results_of_one_turn_go_back_together(self, served: Served) -> None:
        kind, provider, server = served
        calls = tuple(ToolCall(f"call_{number}", "look_up", ARGUMENTS) for number in range(2))
        results = (Message(Role.TOOL, f"result {call.id}", tool_call_id=call.id) for call in calls)
        messages = (Message(Role.USER, "Where are my orders?"), Message(Role.ASSISTANT, "", calls), *results)
        await collect(provider.stream(request(messages=messages, tools=(LOOK_UP,))))
        body = server.received[0].body
        sent = body["contents"] if kind is ModelProvider.GOOGLE else body["messages"]
        assert len(sent) == (4 if kind in OPENAI_LIKE else 3)
        assert "result call_1" in json.dumps(sent[-1])

    @pytest.mark.parametrize(
        ("choice", "openai", "anthropic", "google"),
        [
            (ToolChoice(), None, {"type": "auto"}, {"mode": "AUTO"}),
            (ToolChoice(ToolMode.NONE), "none", {"type": "none"}, {"mode": "NONE"}),
            (ToolChoice(ToolMode.REQUIRED), "required", {"type": "any"}, {"mode": "ANY"}),
            (
                ToolChoice(ToolMode.REQUIRED, "look_up"),
                {"type": "function", "function": {"name": "look_up"}},
                {"type": "tool", "name": "look_up"},
                {"mode": "ANY", "allowedFunctionNames": ["look_up"]},
            ),
        ],
    )
    async def test_which_tool_is_called_is_the_askers_choice(
        self, served: Served, choice: ToolChoice, openai: Any, anthropic: Any, google: Any
    ) -> None:
        kind, provider, server = served
        await collect(provider.stream(request(tools=(LOOK_UP,), tool_choice=choice)))
        body = server.received[0].body
        if kind in OPENAI_LIKE:
            assert body.get("tool_choice") == openai
        elif kind is ModelProvider.ANTHROPIC:
            assert body["tool_choice"] == anthropic
        else:
            assert body["toolConfig"]["functionCallingConfig"] == google

    async def test_one_call_at_a_time_where_the_protocol_has_it(self, served: Served) -> None:
        kind, provider, server = served
        await collect(provider.stream(request(tools=(LOOK_UP,), has_parallel_calls=False)))
        body = server.received[0].body
        if kind in OPENAI_LIKE:
            assert body["parallel_tool_calls"] is False
        elif kind is ModelProvider.ANTHROPIC:
            assert body["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}

    async def test_strict_arguments_are_asked_of_who_keeps_to_them(self, served: Served) -> None:
        kind, provider, server = served
        await collect(provider.stream(request(tools=(replace(LOOK_UP, is_strict=True),))))
        is_asked = '"strict": true' in json.dumps(server.received[0].body)
        assert is_asked == (kind in (ModelProvider.OPENAI, ModelProvider.VLLM))

    async def test_only_vllm_is_told_the_cache_salt(self, served: Served) -> None:
        kind, provider, server = served
        await collect(provider.stream(request(cache_salt="salt-of-the-organization")))
        assert (server.received[0].body.get("cache_salt") is not None) == (kind is ModelProvider.VLLM)

    async def test_the_connections_key_is_sent_and_no_other(
        self, served: Served, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kind, _, server = served
        for name in (
            "OPENAI_API_KEY",
            "OPENAI_ORG_ID",
            "ANTHROPIC_API_KEY",
            "ANTHROPIC_AUTH_TOKEN",
            "GOOGLE_API_KEY",
            "GEMINI_API_KEY",
        ):
            monkeypatch.setenv(name, "operators-own")
        for key in (KEY, None):
            provider = connected(kind, server, key=key)
            await collect(provider.stream(request()))
            await provider.aclose()
            headers = server.received[-1].headers
            assert "operators-own" not in str(headers)
            assert (KEY in str(headers)) == (key is not None)
        if kind in OPENAI_LIKE:
            assert "authorization" not in server.received[-1].headers


class TestClosing:
    async def test_the_server_sees_at_once_that_nobody_reads(self, served: Served) -> None:
        _, provider, server = served
        server.behave(Behaviour(words=("more ",) * 1000, interval_s=0.01))
        events = cast("Any", provider.stream(request()))
        await anext(events)
        await events.aclose()
        await _until(lambda: server.aborted == 1)

    async def test_a_reader_that_is_cancelled_ends_the_call(self, served: Served) -> None:
        _, provider, server = served
        server.behave(Behaviour(Fault.STALLED))
        seen = asyncio.Event()

        async def read() -> None:
            async for _ in provider.stream(request()):
                seen.set()

        task = asyncio.create_task(read())
        await asyncio.wait_for(seen.wait(), 2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await _until(lambda: server.aborted == 1)

    async def test_a_slow_reader_is_no_stalled_provider(self, served: Served) -> None:
        _, provider, server = served
        server.behave(Behaviour(words=("a", "b", "c", "d"), interval_s=0.01))
        events = []
        async for event in provider.stream(request()):
            events.append(event)
            if len(events) <= 2:
                await asyncio.sleep(QUICK.gap_s * 1.5)
        assert text_of(events) == "abcd"


class TestAddresses:
    @pytest.mark.parametrize("kind", list(ModelProvider))
    @pytest.mark.parametrize("found", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1"])
    async def test_an_inner_address_behind_a_public_name_is_not_called(self, kind: ModelProvider, found: str) -> None:
        async def resolve(host: str, port: int) -> list[str]:
            return ["93.184.216.34", found]

        async with upstream(kind) as server:
            place = endpoint(kind, f"http://models.example.com:{server.port}", may_be_private=False)
            provider = open_provider(place, resolve=resolve)
            with pytest.raises(ProviderError, match="PIXEL_API_MODEL_HOSTS") as raised:
                await collect(provider.stream(request()))
            await provider.aclose()
            assert raised.value.kind is ProviderErrorKind.UNAVAILABLE
            assert server.connections == 0

    async def test_nobody_listens(self) -> None:
        async with upstream(ModelProvider.VLLM) as server:
            url = server.url
        provider = open_provider(endpoint(ModelProvider.VLLM, url))
        with pytest.raises(ProviderError) as raised:
            await collect(provider.stream(request()))
        await provider.aclose()
        assert raised.value.kind is ProviderErrorKind.CONNECTION


async def _until(condition: Any, *, seconds: float = 2.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.01)
