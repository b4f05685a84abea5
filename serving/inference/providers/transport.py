"""HTTP for streams of tokens: connections to checked addresses only, which cost little for each piece that arrives.

Thousands of streams are open at once and every token comes in a piece of its own. So a connection is one protocol object
over httptools' parser, and a piece goes from the socket to the reader without a timeout, a lock or a task of its own. The
SDKs are given this transport through their `http_client`; time is watched by `watchdog.py`.
"""

import asyncio
import functools
import ipaddress
import ssl
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence

import httpx2

from serving.inference.providers.connection import Body, Headers, HttpConnection
from storage.addresses import is_allowed

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
_Place = tuple[str, str, int]

MOST_CONNECTIONS = 10_000
_IDLE_S = 30.0
_PORTS = {"http": 80, "https": 443}


class ForbiddenAddressError(httpx2.ConnectError):
    """The host has an address that must not be connected to."""


class StreamingTransport(httpx2.AsyncBaseTransport):
    """Connections of one model connection, kept for the next call.

    Args:
        connect_s: Until a connection stands, TLS included.
        max_bytes: Most bytes of one response.
        may_be_private: Whether the operator named the host, so that it may be of the own network.
        resolve: Looks up the addresses of a host; the system's way unless given.
    """

    def __init__(
        self, *, connect_s: float, max_bytes: int, may_be_private: bool, resolve: Resolve | None = None
    ) -> None:
        self._connect_s = connect_s
        self._max_bytes = max_bytes
        self._may_be_private = may_be_private
        self._resolve = resolve or _look_up
        self._idle: dict[_Place, list[tuple[float, HttpConnection]]] = defaultdict(list)
        self._open: set[HttpConnection] = set()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request; the body of the response is read as it comes."""
        url = request.url
        place = (url.scheme, url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme])
        body = await request.aread()
        connection = self._reused(place) or await self._connect(place)
        try:
            status, headers = await connection.send(
                request.method, url.raw_path, request.headers.raw, body, max_bytes=self._max_bytes
            )
            _check_encoding(headers)
        except BaseException:
            connection.abort()
            raise
        return httpx2.Response(status, headers=headers, stream=Body(connection, functools.partial(self._keep, place)))

    async def aclose(self) -> None:
        """End every connection."""
        for connection in list(self._open):
            connection.abort()
        self._idle.clear()

    def _reused(self, place: _Place) -> HttpConnection | None:
        idle = self._idle[place]
        while idle:
            since, connection = idle.pop()
            if not connection.is_open:
                continue
            if time.monotonic() - since < _IDLE_S:
                return connection
            connection.abort()
        return None

    def _keep(self, place: _Place, connection: HttpConnection) -> None:
        now = time.monotonic()
        kept = self._idle[place]
        # The last one in is the first one out, so what is old lies at the front.
        while kept and (now - kept[0][0] > _IDLE_S or not kept[0][1].is_open):
            kept.pop(0)[1].abort()
        kept.append((now, connection))

    async def _connect(self, place: _Place) -> HttpConnection:
        scheme, host, port = place
        if len(self._open) >= MOST_CONNECTIONS:
            raise httpx2.PoolTimeout(f"{MOST_CONNECTIONS} connections are open")
        try:
            async with asyncio.timeout(self._connect_s):
                addresses = await self._checked(host, port)
                return await self._first(addresses, port, host if scheme == "https" else None)
        except TimeoutError:
            raise httpx2.ConnectTimeout("the connection did not stand in time") from None
        except OSError as error:
            raise httpx2.ConnectError(type(error).__name__) from None

    async def _checked(self, host: str, port: int) -> Sequence[str]:
        found = [host] if _is_address(host) else await self._resolve(host, port)
        # One address that is refused condemns the host: who else would mix public and private ones?
        if not found or not all(is_allowed(address, may_be_private=self._may_be_private) for address in found):
            raise ForbiddenAddressError("the host has no address that may be connected to")
        return found

    async def _first(self, addresses: Sequence[str], port: int, tls_host: str | None) -> HttpConnection:
        loop = asyncio.get_running_loop()
        context = _tls() if tls_host is not None else None
        failure: OSError | None = None
        for address in addresses:
            try:
                _, connection = await loop.create_connection(
                    lambda: HttpConnection(on_lost=self._open.discard),
                    address,
                    port,
                    ssl=context,
                    server_hostname=tls_host,
                )
            except OSError as error:
                failure = error
            else:
                self._open.add(connection)
                return connection
        raise failure or OSError("no address")


def _check_encoding(headers: Headers) -> None:
    """Nothing packed was asked for, and what is packed can be a thousand times larger than what was counted."""
    for name, value in headers:
        if name.lower() == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
            raise httpx2.RemoteProtocolError("the response came packed, which was not asked for")


@functools.lru_cache
def _tls() -> ssl.SSLContext:
    return httpx2.create_ssl_context(trust_env=False)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


async def _look_up(host: str, port: int) -> list[str]:
    rows = await asyncio.get_running_loop().getaddrinfo(host, port, type=1)
    return list(dict.fromkeys(str(row[4][0]) for row in rows))
