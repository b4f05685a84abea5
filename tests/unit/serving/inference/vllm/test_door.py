"""The door of a vLLM server, in front of an application that does what it is told."""

import asyncio
import json
from typing import Any

import pytest

from serving.inference.vllm.door import pixel_door
from serving.inference.vllm.door.pixel_door import Door

KEY = "the-key"
CHAT = "/v1/chat/completions"


class Inside:
    """Answers 200 when it may."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.may_end = asyncio.Event()
        self.may_end.set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.paths.append(scope["path"])
        await self.may_end.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})


async def call(
    door: Door, path: str, *, key: str | None = KEY, query: str = "", hold: str | None = None, method: str = "POST"
) -> tuple[int, Any]:
    """Status and body of one request."""
    headers = [(b"authorization", f"Bearer {key}".encode())] if key else []
    headers += [(b"x-pixel-hold", hold.encode())] if hold else []
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    scope = {"type": "http", "path": path, "method": method, "query_string": query.encode(), "headers": headers}
    await door(scope, receive, send)
    return sent[0]["status"], json.loads(sent[-1]["body"])


@pytest.fixture
def inside() -> Inside:
    return Inside()


@pytest.fixture
def door(inside: Inside) -> Door:
    return Door(inside, KEY, 2)


async def held(door: Door, **asked: float) -> tuple[int, Any]:
    query = "&".join(f"{name}={value}" for name, value in {"drain_s": 1, "hold_s": 5, **asked}.items())
    return await call(door, "/pixel/hold", query=query)


class TestKey:
    @pytest.mark.parametrize("path", [CHAT, "/v1/models", "/adapters", "/invocations", "/pixel/hold", "/anything"])
    @pytest.mark.parametrize("key", [None, "another", ""])
    async def test_it_is_asked_for_everywhere(self, door: Door, inside: Inside, path: str, key: str | None) -> None:
        assert (await call(door, path, key=key))[0] == 401
        assert inside.paths == []

    @pytest.mark.parametrize("path", ["/health", "/ping", "/metrics"])
    async def test_but_for_health_and_metrics(self, door: Door, path: str) -> None:
        assert (await call(door, path, key=None, method="GET"))[0] == 200

    async def test_paths_that_nobody_needs_are_closed(self, door: Door, inside: Inside) -> None:
        assert (await call(door, "/adapters"))[0] == 404
        assert inside.paths == []


class TestOverload:
    async def test_more_than_may_be_inside_is_refused_at_once(self, door: Door, inside: Inside) -> None:
        inside.may_end.clear()
        running = [asyncio.create_task(call(door, CHAT)) for _ in range(2)]
        await asyncio.sleep(0)
        status, body = await call(door, CHAT)
        assert (status, body["error"]["type"]) == (503, "overloaded_error")
        inside.may_end.set()
        assert [status for status, _ in await asyncio.gather(*running)] == [200, 200]
        assert (await call(door, CHAT))[0] == 200

    async def test_a_reader_who_leaves_gives_the_place_back(self, door: Door, inside: Inside) -> None:
        inside.may_end.clear()
        running = [asyncio.create_task(call(door, CHAT)) for _ in range(2)]
        await asyncio.sleep(0)
        for one in running:
            one.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        inside.may_end.set()
        assert (await call(door, CHAT))[0] == 200


class TestHold:
    async def test_adapters_are_changed_by_the_holder_only(self, door: Door) -> None:
        assert (await call(door, "/v1/load_lora_adapter"))[0] == 409
        token = (await held(door))[1]["token"]
        assert (await call(door, "/v1/load_lora_adapter", hold="another"))[0] == 409
        assert (await call(door, "/v1/load_lora_adapter", hold=token))[0] == 200

    async def test_it_waits_for_those_inside_and_keeps_others_back(self, door: Door, inside: Inside) -> None:
        inside.may_end.clear()
        running = asyncio.create_task(call(door, CHAT))
        await asyncio.sleep(0)
        holding = asyncio.create_task(held(door, drain_s=5))
        await asyncio.sleep(0.05)
        late = asyncio.create_task(call(door, CHAT))
        await asyncio.sleep(0.05)
        assert not holding.done()
        assert inside.paths == [CHAT]
        inside.may_end.set()
        token = (await holding)[1]["token"]
        assert running.done()
        assert not late.done()
        assert (await call(door, CHAT, hold=token))[0] == 200
        assert not late.done()
        assert (await call(door, "/pixel/release", hold=token))[1] == {"released": True}
        assert (await late)[0] == 200

    async def test_it_opens_again_when_those_inside_stay(self, door: Door, inside: Inside) -> None:
        inside.may_end.clear()
        running = asyncio.create_task(call(door, CHAT))
        await asyncio.sleep(0)
        status, body = await held(door, drain_s=0.05)
        assert (status, body["error"]["type"]) == (409, "not_drained")
        inside.may_end.set()
        await running
        assert (await call(door, CHAT))[0] == 200

    async def test_two_at_once_are_one(self, door: Door) -> None:
        assert (await held(door))[0] == 200
        assert (await held(door))[1]["error"]["type"] == "held"

    async def test_it_ends_by_itself(self, door: Door) -> None:
        token = (await held(door, hold_s=0.05))[1]["token"]
        assert (await call(door, CHAT))[0] == 200
        assert (await call(door, "/v1/load_lora_adapter", hold=token))[0] == 409
        assert (await held(door))[0] == 200

    async def test_who_waits_too_long_may_ask_another_model(self, door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pixel_door, "LONGEST_WAIT_S", 0.05)
        await held(door)
        assert (await call(door, CHAT))[0] == 503

    @pytest.mark.parametrize("query", ["", "drain_s=1", "drain_s=x&hold_s=1"])
    async def test_it_must_be_said_for_how_long(self, door: Door, query: str) -> None:
        assert (await call(door, "/pixel/hold", query=query))[0] == 400
