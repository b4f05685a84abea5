"""Readers of two organizations who leave at any moment: nothing of one is seen by the other, and nothing is left running."""

import asyncio
import json
import random
import re
import time
from collections.abc import Iterator
from typing import Any

import httpx2
from sqlalchemy import text

from benchmarks.figure import figure
from benchmarks.serving.load.numbered import question
from benchmarks.serving.load.place import Place, place
from storage.postgres.engine import owner_engine
from storage.postgres.session import owner_session

DISCONNECTS = 10_000
_AT_ONCE = 50
_LONGEST_S = 1.2


def measure(*, disconnects: int = DISCONNECTS) -> Iterator[dict[str, Any]]:
    """Ask, and cut the connection somewhere between the first byte sent and the last one read."""
    with place(organizations=2) as made:
        statuses = asyncio.run(_run(made, disconnects))
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and (_running(made) or made.upstream()["streaming"]):
            time.sleep(0.5)
        left, upstream = _running(made), made.upstream()
        foreign, unfinished, messages = _looked_through(made)
        yield figure("disconnects: rows with another organization's text", foreign, "", at_most=0, messages=messages, disconnects=disconnects)  # fmt: skip
        yield figure("disconnects: answers left running", left + upstream["streaming"], "", at_most=0, aborted_upstream=upstream["aborted"])  # fmt: skip
        yield figure("disconnects: messages left as if they were written", unfinished, "", at_most=0)
        yield figure("disconnects: answers that are no answer of the protocol", statuses.pop("other", 0), "", at_most=0, statuses=statuses)  # fmt: skip


async def _run(made: Place, disconnects: int) -> dict[str, int]:
    chance = random.Random(5)  # noqa: S311 - a seed, not a secret
    statuses: dict[str, int] = {}
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(number: int) -> None:
        async with places:
            found = await _leave(
                made, number % 2, number, chance.random() * _LONGEST_S, is_abrupt=chance.random() < 0.7
            )
            statuses[found] = statuses.get(found, 0) + 1

    await asyncio.gather(*(one(number) for number in range(disconnects)))
    return statuses


async def _leave(made: Place, organization: int, number: int, after_s: float, *, is_abrupt: bool) -> str:
    """Ask as a program of an organization, read for a while, go; what the status line said."""
    tag = f"{'ab'[organization]}{number}x"
    body = json.dumps(
        {"model": "plain", "stream": True, "messages": [{"role": "user", "content": question(tag, 40, 100)}]}
    )
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {made.keys[organization]}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", made.port)
    got = b""
    try:
        writer.write(head.encode() + body.encode())
        async with asyncio.timeout(after_s):
            while data := await reader.read(65536):
                got += data
    except (TimeoutError, ConnectionError):
        pass
    finally:
        if is_abrupt:
            writer.transport.abort()
        else:
            writer.close()
    other = "ba"[organization]
    if re.search(rf"\b{other}\d+xn\d".encode(), got):
        return "other"
    found = re.match(rb"HTTP/1\.1 (\d{3})", got)
    return found[1].decode() if found else ("none" if not got else "other")


def _running(made: Place) -> int:
    found = re.search(
        r"^pixel_answers_running (\S+)$", httpx2.get(f"{made.url}/metrics", timeout=10).text, re.MULTILINE
    )
    return int(float(found[1])) if found else -1


def _looked_through(made: Place) -> tuple[int, int, int]:
    """Rows with a foreign tag, answers still in writing, and all rows."""
    engine = owner_engine(made.settings)
    with owner_session(engine) as session:
        rows = session.execute(
            text("SELECT o.slug, m.content, m.state FROM messages m JOIN organizations o ON o.id = m.organization_id")
        ).all()
    engine.dispose()
    wanted = {"bench-0": "a", "bench-1": "b"}
    foreign = sum(any(tag != wanted[row.slug] for tag in re.findall(r"\b([ab])\d+x", row.content)) for row in rows)
    return foreign, sum(row.state == "streaming" for row in rows), len(rows)
