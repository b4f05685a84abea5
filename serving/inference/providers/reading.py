"""Drives a stream of server-sent events from the first byte to the last, whatever the protocol in it."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Protocol

import httpx2

from serving.inference.provider import Completed, Event
from serving.inference.providers.payloads import PayloadLines
from serving.inference.providers.watchdog import Watchdog

_DRAIN_S = 0.05
_FOREIGN_BYTES = 32 * 1024


class Progress:
    """The provider works, with nothing to show: it thinks, or a tool's arguments are on their way."""


PROGRESS = Progress()
Told = Event | Progress


class StreamedResponse(Protocol):
    """What an SDK hands out for a raw response."""

    @property
    def http_response(self) -> httpx2.Response:
        """The response, its body not read yet."""
        ...


class Reader(Protocol):
    """Understands one protocol; made for one call.

    Attributes:
        has_begun: Whether a part of the answer was told.
        has_ended: Whether nothing more is to come.
    """

    has_begun: bool
    has_ended: bool

    def start(self, headers: Mapping[str, str]) -> None:
        """The response began."""
        ...

    def read(self, payload: bytes) -> Sequence[Told]:
        """What one payload tells. Raises ProviderError when it tells of an error or makes no sense."""
        ...

    def refusal(self, body: bytes) -> Exception:
        """What a body that is no stream means."""
        ...

    def completed(self) -> Completed:
        """The last event. Raises ProviderError when the stream ended without its end."""
        ...


async def events_of(
    opening: AbstractAsyncContextManager[StreamedResponse], reader: Reader, watch: Watchdog
) -> AsyncGenerator[Event, None]:
    """The events of one call. Closing the iterator closes the connection.

    Raises:
        ProviderError: From the reader.
        StalledError: From the watch.
        TransportError: From the connection.
    """
    lines = PayloadLines()
    with watch:
        async with AsyncExitStack() as stack:
            response = (await watch.wait(stack.enter_async_context(opening))).http_response
            reader.start(response.headers)
            pieces = response.aiter_bytes()
            async for piece in watch.each(pieces):
                for payload in lines.feed(piece):
                    for event in reader.read(payload):
                        watch.progress()
                        if not isinstance(event, Progress):
                            yield event
                if lines.foreign and (lines.has_events or len(lines.foreign) > _FOREIGN_BYTES):
                    raise reader.refusal(bytes(lines.foreign))
                if reader.has_ended:
                    await _drain(pieces)
                    break
            else:
                for payload in lines.end():
                    for event in reader.read(payload):
                        if not isinstance(event, Progress):
                            yield event
            if lines.foreign:
                raise reader.refusal(bytes(lines.foreign))
            yield reader.completed()


async def _drain(pieces: AsyncIterator[bytes]) -> None:
    """Read the few bytes that end the response, so that its connection can be used again; they mostly are there."""
    with contextlib.suppress(TimeoutError, httpx2.TransportError):
        async with asyncio.timeout(_DRAIN_S):
            async for _ in pieces:
                pass
