"""A model server of OpenAI's protocol that says the same for the same question: numbered tokens, at a steady pace.

Run as a process of its own: `python -m benchmarks.serving.load.numbered PORT`. A question holds `stream TAG tokens N rate R`;
the answer is `TAGn1 TAGn2 …`, so that a reader sees at once when a token is lost, doubled or somebody else's. It is lean on
purpose: what is measured is the product, not this.
"""

import asyncio
import json
import re
import sys
from typing import Any, cast

ASKED = re.compile(rb"stream (\w+) tokens (\d+) rate ([\d.]+)")
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
_CHUNK = (
    '{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"numbered","choices":[{"index":0,'
    '"delta":%s,"finish_reason":%s}]}'
)


def question(tag: str, tokens: int, rate: float) -> str:
    """What to ask to get `tokens` tokens, `rate` a second."""
    return f"stream {tag} tokens {tokens} rate {rate:g}"


def answer(tag: str, tokens: int) -> str:
    """What is answered."""
    return "".join(f"{tag}n{number} " for number in range(1, tokens + 1))


def _framed(data: str) -> bytes:
    body = f"data: {data}\n\n".encode()
    return b"%x\r\n%s\r\n" % (len(body), body)


class NumberedServer(asyncio.Protocol):
    """One connection; requests one after another."""

    streaming = 0
    aborted = 0

    def __init__(self) -> None:
        self._buffer = b""
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client comes."""
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """A client goes, perhaps in the middle."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            NumberedServer.streaming -= 1
            NumberedServer.aborted += 1

    def data_received(self, data: bytes) -> None:
        """Part of a request."""
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        if len(body) < (int(length[1]) if length else 0):
            return
        self._buffer = b""
        if head.startswith(b"GET"):
            self._json({"streaming": NumberedServer.streaming, "aborted": NumberedServer.aborted, "data": [{"id": "numbered", "object": "model", "created": 1, "owned_by": "x"}], "object": "list"})  # fmt: skip
        else:
            self._answer(body)

    def _answer(self, body: bytes) -> None:
        asked = ASKED.search(body)
        tag, tokens, rate = (asked[1].decode(), int(asked[2]), float(asked[3])) if asked else ("none", 3, 100.0)
        if b'"stream":true' not in body.replace(b" ", b""):
            self._whole(answer(tag, tokens))
            return
        NumberedServer.streaming += 1
        first = _CHUNK % ('{"role":"assistant","content":""}', "null")
        self._transport.write(_HEAD + _framed(first))
        self._say(tag, 1, tokens, 1 / rate if rate else 0.0, asyncio.get_running_loop().time())

    def _say(self, tag: str, number: int, tokens: int, every_s: float, due: float) -> None:
        """One token, or without a pace all of them."""
        said = []
        while number <= tokens:
            said.append(_framed(_CHUNK % (f'{{"content":"{tag}n{number} "}}', "null")))
            number += 1
            if every_s:
                break
        self._transport.write(b"".join(said))
        if number > tokens:
            self._end(tokens)
            return
        due += every_s
        self._timer = asyncio.get_running_loop().call_at(due, self._say, tag, number, tokens, every_s, due)

    def _end(self, tokens: int) -> None:
        usage = f'{{"prompt_tokens":10,"completion_tokens":{tokens},"total_tokens":{tokens + 10}}}'
        end = _CHUNK % ("{}", '"stop"')
        last = f'{{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"numbered","choices":[],"usage":{usage}}}'
        self._transport.write(_framed(end) + _framed(last) + _framed("[DONE]") + b"0\r\n\r\n")
        self._timer = None
        NumberedServer.streaming -= 1

    def _whole(self, text: str) -> None:
        tokens = len(text.split())
        self._json({
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "numbered",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 10, "completion_tokens": tokens, "total_tokens": tokens + 10},
        })  # fmt: skip

    def _json(self, value: dict[str, Any]) -> None:
        body = json.dumps(value).encode()
        self._transport.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))  # fmt: skip


async def serve(port: int) -> None:
    """Serve until the process ends."""
    server = await asyncio.get_running_loop().create_server(NumberedServer, "127.0.0.1", port, backlog=8192)
    await server.serve_forever()


if __name__ == "__main__":
    import uvloop

    uvloop.run(serve(int(sys.argv[1])))
