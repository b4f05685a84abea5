"""Connections that go to addresses checked before, and that end when their time is up, whatever the other side does."""

import ssl
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import httpcore2
import httpx2

_CONNECT_S = 10.0


class Deadline:
    """A moment at which a fetch must have ended."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def is_over(self) -> bool:
        """Whether time is up."""
        return time.monotonic() >= self._end

    def left(self) -> float:
        """Seconds that are left.

        Raises:
            ReadTimeout: None are.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise httpx2.ReadTimeout("time is up")
        return left


class _Stream(httpcore2.NetworkStream):
    """Every wait on the network ends with the deadline, so that no drip of bytes can outlast it."""

    def __init__(self, inner: httpcore2.NetworkStream, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.left())

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, self._deadline.left()), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore2.NetworkBackend):
    """Connects to the checked addresses; the host's name is not looked up again."""

    def __init__(self, addresses: Sequence[str], deadline: Deadline) -> None:
        self._addresses = addresses
        self._deadline = deadline
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        failure: Exception | None = None
        for address in self._addresses:
            try:
                inner = self._inner.connect_tcp(address, port, min(_CONNECT_S, self._deadline.left()))
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
            else:
                return _Stream(inner, self._deadline)
        raise failure or httpcore2.ConnectError("no address")


class _Body(httpx2.SyncByteStream):
    def __init__(self, inner: Iterable[bytes]) -> None:
        self._inner = inner

    def __iter__(self) -> Iterator[bytes]:
        yield from self._inner

    def close(self) -> None:
        close = getattr(self._inner, "close", None)
        if close is not None:
            close()


class PinnedTransport(httpx2.BaseTransport):
    """A transport for one host. Certificates are checked against the host's name, as always."""

    def __init__(self, addresses: Sequence[str], deadline: Deadline) -> None:
        self._pool = httpcore2.ConnectionPool(
            ssl_context=httpx2.create_ssl_context(trust_env=False), network_backend=_Backend(addresses, deadline)
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request and hand out the response as it comes."""
        url = request.url
        sent = httpcore2.Request(
            method=request.method,
            url=httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
        )
        response = self._pool.handle_request(sent)
        body = response.stream
        assert isinstance(body, Iterable)  # noqa: S101 - the synchronous pool gives nothing else
        return httpx2.Response(status_code=response.status, headers=response.headers, stream=_Body(body))

    def close(self) -> None:
        """End the connections."""
        self._pool.close()
