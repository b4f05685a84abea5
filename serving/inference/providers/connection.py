"""One HTTP/1.1 connection to a provider, which carries one call after another."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import cast

import httptools
import httpx2

Headers = list[tuple[bytes, bytes]]

_HIGH_WATER_BYTES = 256 * 1024
_BODILESS = (204, 304)


class TooLargeError(httpx2.RemoteProtocolError):
    """The response has more bytes than are read."""


class HttpConnection(asyncio.Protocol):
    """Sends a request and hands out the response's pieces.

    Args:
        on_lost: Told once, when the connection has ended.
    """

    def __init__(self, *, on_lost: "Callable[[HttpConnection], object]") -> None:
        self._on_lost = on_lost
        self._transport: asyncio.Transport | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._failure: httpx2.TransportError | None = None
        self._max_bytes = 0
        self._begin()
        self.is_open = True

    def _begin(self) -> None:
        self._headers: Headers = []
        self._status = 0
        self._pieces: list[bytes] = []
        self._waiting_bytes = 0
        self._received_bytes = 0
        self._is_paused = False
        self._has_length = False
        self._is_complete = False
        self._may_stay = False

    async def send(
        self, method: str, target: bytes, headers: Sequence[tuple[bytes, bytes]], body: bytes, *, max_bytes: int
    ) -> tuple[int, Headers]:
        """Send a request and wait for the head of its response.

        Raises:
            TransportError: The connection ended, or what came is no HTTP.
        """
        self._begin()
        self._max_bytes = max_bytes
        self._parser = httptools.HttpResponseParser(self)
        head = [b"%s %s HTTP/1.1\r\n" % (method.encode("ascii"), target)]
        head += [b"%s: %s\r\n" % header for header in headers]
        self._writer.write(b"".join([*head, b"\r\n", body]))
        while not self._status:
            if self._failure is not None:
                raise self._failure
            await self._wait()
        return self._status, self._headers

    async def read(self) -> bytes:
        """More of the body, all that has come since; nothing at its end.

        Raises:
            TransportError: The connection ended before the body did, or the body is larger than allowed.
        """
        while not self._pieces:
            if self._is_complete:
                return b""
            if self._failure is not None:
                raise self._failure
            await self._wait()
        piece = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        self._waiting_bytes = 0
        if self._is_paused and self.is_open:
            self._is_paused = False
            self._writer.resume_reading()
        return piece

    @property
    def is_reusable(self) -> bool:
        """Whether the last response came to its end and another call may follow."""
        return self.is_open and self._is_complete and self._may_stay

    def abort(self) -> None:
        """End the connection at once; the other side sees it."""
        self.is_open = False
        if self._transport is not None:
            self._transport.abort()

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        if self._parser is None or self._is_complete:
            self._fail(httpx2.RemoteProtocolError("bytes came that were not asked for"))
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._fail(self._failure or httpx2.RemoteProtocolError("what came is no HTTP"))

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection ended, by either side."""
        self.is_open = False
        if self._status and not self._has_length and exc is None:
            self._is_complete = True  # a body without a length ends with its connection
        elif not self._is_complete and self._failure is None:
            self._failure = httpx2.ReadError("the connection ended")
        self._wake()
        self._on_lost(self)

    # What the parser calls.

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header of the response."""
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The head of the response is there."""
        assert self._parser is not None  # noqa: S101 - it is the one that calls
        status = self._parser.get_status_code()
        if status < 200:  # a word in between, not the answer
            self._headers = []
            return
        names = {name.lower() for name, _ in self._headers}
        self._has_length = status in _BODILESS or bool(names & {b"content-length", b"transfer-encoding"})
        self._status = status
        self._wake()

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        self._received_bytes += len(data)
        if self._received_bytes > self._max_bytes:
            self._failure = TooLargeError(f"the response has more than {self._max_bytes} bytes")
            raise self._failure
        self._pieces.append(data)
        self._waiting_bytes += len(data)
        if self._waiting_bytes > _HIGH_WATER_BYTES and not self._is_paused:
            self._is_paused = True
            self._writer.pause_reading()
        self._wake()

    def on_message_complete(self) -> None:
        """The response came to its end."""
        if self._status and self._parser is not None:
            self._is_complete, self._may_stay = True, self._parser.should_keep_alive()
            self._wake()

    @property
    def _writer(self) -> asyncio.Transport:
        if self._transport is None or not self.is_open:
            raise httpx2.WriteError("the connection has ended")
        return self._transport

    def _fail(self, failure: httpx2.TransportError) -> None:
        self._failure = failure
        self._pieces.clear()
        self._is_complete = False
        self.abort()
        self._wake()

    async def _wait(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Body(httpx2.AsyncByteStream):
    """The body of one response. Closing it before its end ends the call at the provider.

    Args:
        connection: The connection that it comes over.
        keep: Takes the connection back for another call.
    """

    def __init__(self, connection: HttpConnection, keep: Callable[[HttpConnection], None]) -> None:
        self._connection: HttpConnection | None = connection
        self._keep = keep

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        """More of the body.

        Raises:
            TransportError: The connection ended before the body did, or the body is larger than allowed.
        """
        piece = await self._connection.read() if self._connection is not None else b""
        if not piece:
            raise StopAsyncIteration
        return piece

    async def aclose(self) -> None:
        """Give the connection back when all was read, else end it."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if connection.is_reusable:
            self._keep(connection)
        else:
            connection.abort()
