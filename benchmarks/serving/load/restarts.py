"""Rolling restarts while people read: every stream comes to its end with the very text that was asked for."""

import asyncio
import itertools
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx2

from benchmarks.figure import figure
from benchmarks.serving.load.numbered import answer, question
from benchmarks.serving.load.place import Place, place

RESTARTS, READERS = 20, 40
_TOKENS, _RATE = 40, 10.0
_GIVE_UP_S = 90.0
# An answer takes four seconds, and a process has two more after it is told to end: in a short life every answer is handed over.
_LIVES_S = (0.8, 3.0, 5.0)


def measure(*, restarts: int = RESTARTS) -> Iterator[dict[str, Any]]:
    """Restart again and again; each reader asks one question after another until it is over."""
    # Shorter than an answer, so that some finish while the process drains and others are handed over.
    with place(PIXEL_API_DRAIN_S="2") as made:
        seen = asyncio.run(_run(made, restarts))
    yield figure(
        "rolling restarts: streams with another text than asked for", seen.wrong, "", at_most=0, streams=seen.finished
    )
    yield figure(
        "rolling restarts: streams that never came to their end", seen.lost, "", at_most=0, examples=seen.examples
    )
    yield figure(
        "rolling restarts: answers handed over to the next process", seen.reset, "", at_least=1, resumed=seen.resumed
    )
    yield figure("rolling restarts: slowest end of a process", max(seen.stops), "s", at_most=35, restarts=restarts)  # fmt: skip


class _Seen:
    def __init__(self) -> None:
        self.finished = self.wrong = self.lost = self.resumed = self.reset = 0
        self.stops: list[float] = []
        self.examples: list[str] = []


async def _run(made: Place, restarts: int) -> _Seen:
    seen, over = _Seen(), asyncio.Event()
    async with httpx2.AsyncClient(
        base_url=made.url, headers={"authorization": f"Bearer {made.keys[0]}"}, timeout=30,
        limits=httpx2.Limits(max_connections=1000),
    ) as client:  # fmt: skip
        bots = (await client.get("/api/v1/chatbots")).json()
        bot = next(one["id"] for one in bots if one["slug"] == "plain")
        readers = [asyncio.create_task(_read_until(client, bot, number, over, seen)) for number in range(READERS)]
        for life, _ in zip(itertools.cycle(_LIVES_S), range(restarts), strict=False):
            await asyncio.sleep(life)
            seen.stops.append(await asyncio.to_thread(_restart, made))
        over.set()
        await asyncio.gather(*readers)
    return seen


def _restart(made: Place) -> float:
    """Tell the process to end and start the next one beside it; seconds until the old one was gone."""
    old = made.api
    assert old is not None  # noqa: S101 - it was started
    started = time.monotonic()
    old.terminate()
    made.start()
    old.wait(60)
    return time.monotonic() - started


async def _read_until(client: httpx2.AsyncClient, bot: str, number: int, over: asyncio.Event, seen: _Seen) -> None:
    turn = 0
    while not over.is_set():
        tag = f"r{number}t{turn}x"
        turn += 1
        began = time.monotonic()
        try:
            async with asyncio.timeout(_GIVE_UP_S):
                text = await _one(client, bot, tag, seen)
        except TimeoutError:
            seen.lost += 1
            seen.examples = [*seen.examples, f"{tag} after {time.monotonic() - began:.0f} s"][:5]
            continue
        seen.finished += 1
        if text.strip() != answer(tag, _TOKENS).strip():
            seen.wrong += 1
            seen.examples = [*seen.examples, f"{tag}: {text[:120]}"][:5]


async def _one(client: httpx2.AsyncClient, bot: str, tag: str, seen: _Seen) -> str:
    conversation = (await _patient(client, "/api/v1/conversations", {"chatbot_id": bot}))["id"]
    asked = {"content": question(tag, _TOKENS, _RATE), "stream": True}
    reading = _Reading()
    while not await reading.read(client, "POST", f"/api/v1/conversations/{conversation}/messages", asked):
        if reading.url:
            break
        await asyncio.sleep(0.3)
    while not reading.is_done:
        seen.resumed += 1
        await asyncio.sleep(0.3)
        await reading.read(client, "GET", reading.url or "", None)
    seen.reset += reading.resets
    return reading.text


class _Reading:
    """A reader that remembers where it was."""

    def __init__(self) -> None:
        self.text, self.url, self.last_id = "", "", ""
        self.is_done = False
        self.resets = 0

    async def read(self, client: httpx2.AsyncClient, method: str, path: str, body: dict[str, Any] | None) -> bool:
        """Read until the answer or the connection ends; whether the answer did."""
        headers = {"last-event-id": self.last_id} if self.last_id else {}
        try:
            async with client.stream(method, path, json=body, headers=headers) as response:
                if response.status_code != 200:
                    return False
                name = ""
                async for line in response.aiter_lines():
                    if line.startswith("event: "):
                        name = line[7:]
                    elif line.startswith("id: "):
                        self.last_id = line[4:]
                    elif line.startswith("data: "):
                        self._take(name, json.loads(line[6:]))
        except httpx2.HTTPError:
            return False
        return self.is_done

    def _take(self, name: str, data: dict[str, Any]) -> None:
        if name == "answer.started":
            self.url = data["stream_url"]
        elif name == "answer.reset":
            self.text = ""
            self.resets += 1
        elif name == "answer.delta":
            self.text += data["text"]
        elif name == "answer.completed":
            self.is_done = True


async def _patient(client: httpx2.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    while True:
        try:
            response = await client.post(path, json=body)
            if response.status_code == 201:
                found: dict[str, Any] = response.json()
                return found
        except httpx2.HTTPError:
            pass
        await asyncio.sleep(0.2)
