"""Server-sent events to one reader: sent until they end or the reader goes, whichever comes first."""

import asyncio
from abc import ABC, abstractmethod

import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

HEARTBEAT_S = 15.0
SLOW_READER_S = 20.0
HEARTBEAT = b": still here\n\n"

log = structlog.get_logger(__name__)


class EventStreamResponse(Response, ABC):
    """Base of event streams. A reader that takes nothing for `slow_reader_s` is let go; it can come back and read on.

    One timer for a reader, and none for an event: timeouts around every piece cost a third of its time.
    """

    media_type = "text/event-stream"

    def __init__(self, *, heartbeat_s: float = HEARTBEAT_S, slow_reader_s: float = SLOW_READER_S) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self.heartbeat_s = heartbeat_s
        self._slow_reader_s = slow_reader_s
        self._giving_since: float | None = None
        self._sent_at = _now()
        self._timer: asyncio.TimerHandle | None = None

    @abstractmethod
    async def send_events(self, send: Send) -> None:
        """Send every event by `give`; returning ends the stream."""

    @abstractmethod
    def part(self) -> None:
        """The reader goes, or everything was sent."""

    def quiet(self) -> None:
        """Nothing was sent for as long as a heartbeat."""

    @property
    def is_quiet(self) -> bool:
        """Whether nothing was sent for as long as a heartbeat."""
        return _now() - self._sent_at >= self.heartbeat_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the events end or the reader goes."""
        self._sending = asyncio.create_task(self._send_all(send))
        leaving = asyncio.create_task(disconnected(receive))
        self._look_later()
        try:
            await asyncio.wait((self._sending, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.part()
            if self._timer is not None:
                self._timer.cancel()
            for task in (self._sending, leaving):
                task.cancel()
            results = await asyncio.gather(self._sending, leaving, return_exceptions=True)
        if isinstance(results[0], Exception) and not isinstance(results[0], OSError):
            raise results[0]

    async def give(self, send: Send, body: bytes, *, more: bool = True) -> None:
        """Send some bytes; cancelled when the reader takes nothing for too long."""
        self._giving_since = _now()
        await send({"type": "http.response.body", "body": body, "more_body": more})
        self._giving_since, self._sent_at = None, _now()

    async def _send_all(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await self.send_events(send)
        await self.give(send, b"", more=False)

    def _look_later(self) -> None:
        every = min(self.heartbeat_s, self._slow_reader_s) / 4
        self._timer = asyncio.get_running_loop().call_later(every, self._look)

    def _look(self) -> None:
        if self._giving_since is not None and _now() - self._giving_since > self._slow_reader_s:
            log.info("slow_reader_cut")
            self._sending.cancel()
            return
        if self.is_quiet:
            self.quiet()
        self._look_later()


def _now() -> float:
    return asyncio.get_running_loop().time()


async def disconnected(receive: Receive) -> None:
    """Wait until the reader is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
