"""The server: reads a request, answers it in its protocol, or fails as it was told to."""

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from benchmarks.serving.upstreams.faults import STATUSES, Behaviour, Fault
from benchmarks.serving.upstreams.protocols import Wire

_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\nx-request-id: req_1\r\nrequest-id: req_1\r\n\r\n"  # fmt: skip


@dataclass(frozen=True)
class Received:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class _Reader(asyncio.StreamReader):
    """Tells at once when the other side went away, while nobody reads."""

    def __init__(self) -> None:
        super().__init__()
        self.ended = asyncio.Event()

    def feed_eof(self) -> None:
        super().feed_eof()
        self.ended.set()

    def set_exception(self, exc: Exception) -> None:
        super().set_exception(exc)
        self.ended.set()


@dataclass
class Upstream:
    """One model server on loopback, inside `async with`.

    Attributes:
        wire: Its protocol.
        behaviours: How it answers the first requests; the last one answers all that follow.
        by_prompt: How it answers requests whose body holds a text, whatever came before.
        models: What it says that it offers.
        received: The requests that came.
        aborted: How many streams their reader closed before the end.
    """

    wire: Wire
    behaviours: Sequence[Behaviour] = (Behaviour(),)
    models: tuple[str, ...] = ("fake-1",)
    by_prompt: dict[str, Behaviour] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    aborted: int = 0
    _server: asyncio.Server | None = None
    _answered: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, "127.0.0.1", 0, backlog=4096)
        return self

    async def __aexit__(self, *exception: object) -> None:
        assert self._server is not None  # noqa: S101 - it was entered
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        assert self._server is not None  # noqa: S101 - it was entered
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def behave(self, *behaviours: Behaviour) -> None:
        """Answer the next requests like this."""
        self.behaviours, self._answered = behaviours, 0

    def _protocol(self) -> asyncio.StreamReaderProtocol:
        reader = _Reader()
        return asyncio.StreamReaderProtocol(reader, lambda _, writer: self._connected(reader, writer))

    async def _connected(self, reader: _Reader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - the server made one
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await self._serve(reader, writer):
                pass
        writer.close()

    async def _serve(self, reader: _Reader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; whether the connection stays."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ", 2)
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.received.append(Received(method, path, headers, json.loads(body) if body else {}))
        behaviour = self._behaviour(body.decode())
        if behaviour.fault in STATUSES:
            return self._refuse(writer, behaviour)
        if method == "GET":
            return self._json(writer, 200, self.wire.models(self.models))
        if behaviour.fault is Fault.ERROR_BODY:
            return self._json(writer, 200, self.wire.error(Fault.BROKEN))
        return await self._stream(reader, writer, behaviour)

    def _behaviour(self, body: str) -> Behaviour:
        for text, behaviour in self.by_prompt.items():
            if text in body:
                return behaviour
        self._answered += 1
        return self.behaviours[min(self._answered - 1, len(self.behaviours) - 1)]

    async def _stream(self, reader: _Reader, writer: asyncio.StreamWriter, behaviour: Behaviour) -> bool:
        gone = asyncio.ensure_future(reader.ended.wait())
        answering = asyncio.ensure_future(self._answer(writer, behaviour))
        try:
            await asyncio.wait({gone, answering}, return_when=asyncio.FIRST_COMPLETED)
            if answering.done() and answering.exception() is None:
                return answering.result()
            self.aborted += 1
            return False
        finally:
            gone.cancel()
            answering.cancel()
            await asyncio.wait({gone, answering})

    async def _answer(self, writer: asyncio.StreamWriter, behaviour: Behaviour) -> bool:
        fault = behaviour.fault
        if fault is Fault.SILENT:
            await asyncio.sleep(3600)
        if fault is Fault.RESET:
            return _reset(writer)
        if fault is Fault.NO_HTTP:
            writer.write(b"\x16\x03\x01\x02\x00 this is not the protocol you are looking for\r\n\r\n")
            return False
        writer.write(_HEAD)
        if fault is Fault.GARBAGE:
            return await _end(writer, b"<html><body>Welcome to the hotel's network</body></html>\n")
        await self._write(writer, b"".join(self.wire.opening(behaviour)))
        for number, word in enumerate(behaviour.words):
            await asyncio.sleep(behaviour.interval_s)
            await self._write(writer, self.wire.word(word))
            if number == 0 and fault is not Fault.NONE and (ended := await self._fail(writer, fault)) is not None:
                return ended
        for event in self.wire.ending(behaviour):
            await self._write(writer, event)
        return await _end(writer)

    async def _fail(self, writer: asyncio.StreamWriter, fault: Fault) -> bool | None:
        """Fail after the first word; whether the connection stays, or None to go on."""
        if fault is Fault.CUT:
            await asyncio.sleep(0.02)  # what was written must be on its way
            return _reset(writer)
        if fault is Fault.ENDED:
            return await _end(writer)
        if fault is Fault.ERROR_EVENT:
            return await _end(writer, self.wire.error_event())
        if fault is Fault.GARBAGE_LATER:
            return await _end(writer, b'data: {"choices": [\xff\xfe\n\n')
        while fault is Fault.ENDLESS:
            await self._write(writer, self.wire.word("more " * 2000))
        while fault is Fault.DRIPPING:
            await self._write(writer, b":")
            await asyncio.sleep(0.02)
        if fault is Fault.STALLED:
            await asyncio.sleep(3600)
        return None

    async def _write(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        if data:
            writer.write(b"%x\r\n%s\r\n" % (len(data), data))
            await writer.drain()

    def _refuse(self, writer: asyncio.StreamWriter, behaviour: Behaviour) -> bool:
        wait = behaviour.retry_after_s
        extra = f"retry-after: {wait:g}\r\n" if wait is not None else ""
        return self._json(writer, STATUSES[behaviour.fault], self.wire.error(behaviour.fault), extra)

    def _json(self, writer: asyncio.StreamWriter, status: int, value: dict[str, Any], extra: str = "") -> bool:
        body = json.dumps(value).encode()
        head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n{extra}\r\n"
        writer.write(head.encode() + body)
        return True


async def _end(writer: asyncio.StreamWriter, last: bytes = b"") -> bool:
    if last:
        writer.write(b"%x\r\n%s\r\n" % (len(last), last))
    writer.write(b"0\r\n\r\n")
    await writer.drain()
    return True


def _reset(writer: asyncio.StreamWriter) -> bool:
    plug = writer.get_extra_info("socket")
    plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    return False
