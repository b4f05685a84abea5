"""Readers of streams: many at once, each token checked, in a process of their own.

`python -m benchmarks.serving.load.readers` reads a plan as JSON on its input and prints what came of it as JSON. A reader
parses nothing but what it must: the numbered tokens as they stand in the bytes.
"""

import asyncio
import json
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, cast

from benchmarks.serving.load.numbered import question

_STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")


@dataclass(frozen=True)
class Plan:
    """What to ask, of whom, how often.

    Attributes:
        port: On loopback.
        path: Of OpenAI's chat completions.
        headers: Beside the usual ones.
        model: As the server names it.
        streams: How many, all at once.
        tokens: Of each.
        rate: Tokens a second of each; 0 for as fast as can be.
        start_over_s: Time over which they begin.
        timeout_s: For each.
        prefix: Of their tags.
    """

    port: int
    path: str
    headers: Mapping[str, str]
    model: str
    streams: int
    tokens: int
    rate: float
    start_over_s: float
    timeout_s: float
    prefix: str = "t"


@dataclass
class Outcome:
    """What one reader saw."""

    tag: str
    status: int = 0
    tokens: int = 0
    wrong: int = 0
    is_done: bool = False
    error: str = ""
    first_s: float = 0.0
    refused_s: float = 0.0
    longest_gap_s: float = 0.0
    gaps: list[float] = field(default_factory=list, repr=False)


class _Reader(asyncio.Protocol):
    def __init__(self, plan: Plan, tag: str, ended: "asyncio.Future[None]") -> None:
        self.plan, self.outcome, self._ended = plan, Outcome(tag), ended
        self._token = re.compile(rb"(\w+?)n(\d+)(?=[\" \\\\])")
        self._tag = tag.encode()
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        asked = question(self.outcome.tag, self.plan.tokens, self.plan.rate)
        body = json.dumps({"model": self.plan.model, "stream": True, "messages": [{"role": "user", "content": asked}]}).encode()  # fmt: skip
        head = [f"POST {self.plan.path} HTTP/1.1", "host: 127.0.0.1", "content-type: application/json", f"content-length: {len(body)}", "connection: close"]  # fmt: skip
        head += [f"{name}: {value}" for name, value in self.plan.headers.items()]
        self.asked_at = self._last = time.perf_counter()
        self._transport.write("\r\n".join(head).encode() + b"\r\n\r\n" + body)

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        if not self.outcome.status:
            found = _STATUS.match(data)
            self.outcome.status = int(found[1]) if found else -1
            if self.outcome.status != 200:
                self.outcome.refused_s = now - self.asked_at
        text = self._rest + data
        end = 0
        for found in self._token.finditer(text):
            end = found.end()
            self._saw(found, now)
        # The end of a message is looked for in what may have been cut between two packets.
        if b"[DONE]" in text[end:] or b"answer.completed" in text[end:]:
            self.outcome.is_done = True
            self._transport.close()
        elif b'"error"' in text[end:] or b"event: error" in text[end:]:
            self.outcome.error = text[end:][-300:].decode(errors="replace")
        self._rest = text[max(end, len(text) - 64) :]

    def _saw(self, found: "re.Match[bytes]", now: float) -> None:
        outcome = self.outcome
        if outcome.tokens:
            gap = now - self._last
            outcome.longest_gap_s = max(outcome.longest_gap_s, gap)
            outcome.gaps.append(round(gap, 4))
        else:
            outcome.first_s = now - self.asked_at
        self._last = now
        outcome.tokens += 1
        if found[1][-len(self._tag) :] != self._tag or int(found[2]) != outcome.tokens:
            outcome.wrong += 1

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None and not self.outcome.is_done:
            self.outcome.error = self.outcome.error or type(exc).__name__
        if not self._ended.done():
            self._ended.set_result(None)


async def read(plan: Plan) -> list[Outcome]:
    """Read all streams of a plan."""
    loop = asyncio.get_running_loop()

    async def one(number: int) -> Outcome:
        await asyncio.sleep(plan.start_over_s * number / max(1, plan.streams))
        ended = loop.create_future()
        reader = _Reader(plan, f"{plan.prefix}{number}x", ended)
        try:
            transport, _ = await loop.create_connection(lambda: reader, "127.0.0.1", plan.port)
            async with asyncio.timeout(plan.timeout_s):
                await ended
            transport.close()
        except (OSError, TimeoutError) as error:
            reader.outcome.error = type(error).__name__
        return reader.outcome

    return await asyncio.gather(*(one(number) for number in range(plan.streams)))


def summary(plan: Plan, outcomes: list[Outcome]) -> dict[str, Any]:
    """What came of a plan, as numbers."""
    admitted = [one for one in outcomes if one.status == 200]
    gaps = sorted(gap for one in admitted for gap in one.gaps)
    return {
        "plan": asdict(plan) | {"headers": {}},
        "admitted": len(admitted),
        "finished": sum(one.is_done and one.tokens == plan.tokens for one in admitted),
        "errors": sum(not one.is_done for one in admitted),
        "wrong_tokens": sum(one.wrong for one in admitted),
        "lost_tokens": sum(plan.tokens - one.tokens for one in admitted if one.is_done),
        "first_s": sorted(one.first_s for one in admitted if one.tokens),
        "gap_p50_s": gaps[len(gaps) // 2] if gaps else None,
        "gap_p99_s": gaps[int(len(gaps) * 0.99)] if gaps else None,
        "gap_max_s": gaps[-1] if gaps else None,
        "refused": {
            str(status): sum(one.status == status for one in outcomes)
            for status in {one.status for one in outcomes} - {200}
        },
        "refused_s": sorted(one.refused_s for one in outcomes if one.status not in (0, 200)),
        "examples": [one.error for one in outcomes if one.error][:3],
    }


if __name__ == "__main__":
    import uvloop

    given = Plan(**json.loads(sys.stdin.read()))
    sys.stdout.write(json.dumps(summary(given, uvloop.run(read(given)))))
