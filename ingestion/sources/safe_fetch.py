"""Fetches what an address holds without ever reaching where it must not. Every fetch of a source goes through here.

The name is looked up once; the connection goes to the address that was checked, so that a name that changes its address
in between changes nothing. Each redirect is checked as the first address was.
"""

import socket
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import httpcore2
import httpx2

from ingestion.errors import FetchError
from ingestion.sources.pinned import Deadline, PinnedTransport
from ingestion.sources.settings import SourceSettings, source_settings
from storage.addresses import FORBIDDEN_CHARACTERS, AddressError, is_allowed, parsed_url, port_of
from storage.records.record import Record

Resolve = Callable[[str, int], Sequence[str]]

_MOST_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_FAILURES = (
    httpx2.HTTPError,
    httpx2.InvalidURL,
    httpcore2.NetworkError,
    httpcore2.TimeoutException,
    httpcore2.ProtocolError,
    OSError,
)
_AGENT = "PixelAICreator/0.1 (reads documents for a knowledge base)"


class Fetched(Record):
    """What an address holds. `data` is None where it has not changed since `etag` and `last_modified` were told."""

    url: str
    data: bytes | None
    media_type: str | None = None
    etag: str | None = None
    last_modified: str | None = None


def fetch(
    url: str,
    *,
    max_bytes: int,
    etag: str | None = None,
    last_modified: str | None = None,
    settings: SourceSettings | None = None,
    resolve: Resolve | None = None,
) -> Fetched:
    """Fetch an address of the web.

    Args:
        url: An http or https address.
        max_bytes: Most bytes accepted, sent and unpacked alike.
        etag: What the server called the content at the last fetch.
        last_modified: When it said that the content last changed.
        settings: Which hosts and ports are allowed; the process's settings unless given.
        resolve: Looks up the addresses of a host; the system's way unless given.

    Raises:
        FetchError: It must not be fetched, cannot be, or is larger or slower than allowed; the message says which.
    """
    settings = settings or source_settings()
    deadline = Deadline(settings.fetch_seconds)
    headers = {"User-Agent": _AGENT, "Accept": "*/*", "Accept-Encoding": "gzip"}
    headers |= {"If-None-Match": etag} if etag else {}
    headers |= {"If-Modified-Since": last_modified} if last_modified else {}
    target = checked(url, settings)
    for _ in range(_MOST_REDIRECTS + 1):
        addresses = _addresses(target, settings, resolve or _lookup)
        with (
            PinnedTransport(addresses, deadline) as transport,
            httpx2.Client(transport=transport, trust_env=False, follow_redirects=False, headers=headers) as client,
        ):
            try:
                with client.stream("GET", target) as response:
                    if response.status_code not in _REDIRECTS:
                        return _read(response, target, max_bytes=max_bytes, deadline=deadline)
                    place = response.headers.get("location", "")
            except _FAILURES as error:
                raise FetchError(_story(target, error, deadline)) from error
        target = _next(target, place, settings)
    raise FetchError(f"`{url}` leads on more than {_MOST_REDIRECTS} times. Give the address where it ends.")


def checked(url: str, settings: SourceSettings) -> httpx2.URL:
    """The address, parsed by the one parser that also connects.

    Raises:
        FetchError: It is none, or names what must not be fetched.
    """
    try:
        parsed = parsed_url(url)
    except AddressError as error:
        raise FetchError(str(error)) from error
    if port_of(parsed) not in settings.port_numbers:
        raise FetchError(f"`{url[:200]}` is not fetched: port {port_of(parsed)} is not among PIXEL_SOURCES_PORTS.")
    return parsed


def _addresses(target: httpx2.URL, settings: SourceSettings, resolve: Resolve) -> list[str]:
    host = target.raw_host.decode("ascii")
    try:
        found = list(resolve(host, port_of(target)))
    except OSError as error:
        raise FetchError(f"The host `{host}` is not known ({error}). Check the spelling.") from error
    may_be_private = host.rstrip(".").lower() in settings.private_host_names
    # One address that is refused condemns the host: who else would mix public and private ones?
    if not found or not all(is_allowed(address, may_be_private=may_be_private) for address in found):
        raise FetchError(
            f"`{host}` is not fetched from: its address is not public. "
            "The operator can name it in PIXEL_SOURCES_PRIVATE_HOSTS."
        )
    return found


def _lookup(host: str, port: int) -> list[str]:
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(row[4][0]) for row in rows))


def _next(target: httpx2.URL, place: str, settings: SourceSettings) -> httpx2.URL:
    if not place or FORBIDDEN_CHARACTERS.search(place):
        raise FetchError(f"`{target}` leads nowhere: its redirect names no address.")
    try:
        following = str(target.join(place))
    except (httpx2.InvalidURL, ValueError) as error:
        raise FetchError(f"`{target}` leads nowhere: its redirect names no address.") from error
    onward = checked(following, settings)
    if target.scheme == "https" and onward.scheme == "http":
        raise FetchError(f"`{target}` leads from https to http, which anybody on the way could change.")
    return onward


def _read(response: httpx2.Response, target: httpx2.URL, *, max_bytes: int, deadline: Deadline) -> Fetched:
    status = response.status_code
    known: dict[str, Any] = {
        "url": str(target),
        "etag": response.headers.get("etag"),
        "last_modified": response.headers.get("last-modified"),
    }
    if status == 304:
        return Fetched(data=None, **known)
    if status != 200:
        raise FetchError(f"`{target}` answered {status}.", is_gone=status in (404, 410))
    size = response.headers.get("content-length", "")
    if size.isdecimal() and int(size) > max_bytes:
        raise FetchError(f"`{target}` has {size} bytes; at most {max_bytes} are read.")
    data = bytearray()
    for part in _unpacked(response, target, max_bytes):
        deadline.left()
        data += part
        if len(data) > max_bytes:
            raise FetchError(f"`{target}` has more than {max_bytes} bytes.")
    media_type = response.headers.get("content-type", "").split(";")[0].strip() or None
    return Fetched(data=bytes(data), media_type=media_type, **known)


def _unpacked(response: httpx2.Response, target: httpx2.URL, max_bytes: int) -> Iterator[bytes]:
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding == "identity":
        yield from response.iter_raw()
        return
    if encoding not in ("gzip", "x-gzip"):
        raise FetchError(f"`{target}` came packed as {encoding[:50]!r}, which was not asked for.")
    unpacker = zlib.decompressobj(wbits=31)
    for part in response.iter_raw():
        try:
            packed = part
            while packed:
                yield unpacker.decompress(packed, max_bytes + 1)  # a bomb is found out before it is unpacked
                packed = unpacker.unconsumed_tail
        except zlib.error as error:
            raise FetchError(f"`{target}` came packed and cannot be unpacked.") from error
    if not unpacker.eof:
        raise FetchError(f"`{target}` came packed and ends before its end.")


def _story(target: httpx2.URL, error: Exception, deadline: Deadline) -> str:
    if deadline.is_over:
        return f"`{target}` took longer than {deadline.seconds:g} s (PIXEL_SOURCES_FETCH_SECONDS)."
    return f"`{target}` cannot be fetched ({type(error).__name__})."
