"""Server-sent events to one reader: sent until they end or the reader goes, whichever comes first."""

import asyncio
from abc import ABC, abstractmethod

import structlog
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

HEARTBEAT_S = 15.0
SLOW_READER_S = 20.0
HEARTBEAT = b": still here\n\n"

log = structlog.get_logger(__name__)


class EventStreamResponse(Response, ABC):
    """Base of event streams. A reader that takes nothing for `slow_reader_s` is let go; it can come back and read on."""

    media_type = "text/event-stream"

    def __init__(self, *, heartbeat_s: float = HEARTBEAT_S, slow_reader_s: float = SLOW_READER_S) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self.heartbeat_s = heartbeat_s
        self._slow_reader_s = slow_reader_s

    @abstractmethod
    async def send_events(self, send: Send) -> None:
        """Send every event by `give`; returning ends the stream."""

    @abstractmethod
    def part(self) -> None:
        """The reader goes, or everything was sent."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the events end or the reader goes."""
        sending = asyncio.create_task(self._send_all(send))
        leaving = asyncio.create_task(disconnected(receive))
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.part()
            for task in (sending, leaving):
                task.cancel()
            results = await asyncio.gather(sending, leaving, return_exceptions=True)
        if isinstance(results[0], TimeoutError):
            log.info("slow_reader_cut", path=scope["path"])
        elif isinstance(results[0], Exception) and not isinstance(results[0], OSError):
            raise results[0]

    async def give(self, send: Send, body: bytes, *, more: bool = True) -> None:
        """Send some bytes.

        Raises:
            TimeoutError: The reader takes nothing.
        """
        message: Message = {"type": "http.response.body", "body": body, "more_body": more}
        async with asyncio.timeout(self._slow_reader_s):
            await send(message)

    async def _send_all(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await self.send_events(send)
        await self.give(send, b"", more=False)


async def disconnected(receive: Receive) -> None:
    """Wait until the reader is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
