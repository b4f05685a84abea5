"""Sends an answer's events to one reader: heartbeats while nothing happens, and an end for readers who do not read."""

import asyncio
from collections.abc import Callable, Iterable

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from serving.context import ServingContext
from serving.conversations import service
from serving.conversations.events import AnswerEvent
from serving.conversations.schemas import AnswerOut
from serving.conversations.streams.hub import RunningAnswer, StreamHub
from serving.errors import UnavailableError

HEARTBEAT_S = 15.0
SLOW_READER_S = 20.0
_HEARTBEAT = b": still here\n\n"

log = structlog.get_logger(__name__)

Encoder = Callable[[Iterable[tuple[int, AnswerEvent]]], bytes]


class AnswerStreamResponse(Response):
    """Server-sent events of one answer, from event `after` on.

    The socket's own buffer is the only one that a reader has: events wait in the answer's log, which all readers share.
    A reader that takes nothing for `slow_reader_s` is let go; it can come back and read on.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        hub: StreamHub,
        answer: RunningAnswer,
        encode: Encoder,
        *,
        after: int = 0,
        heartbeat_s: float = HEARTBEAT_S,
        slow_reader_s: float = SLOW_READER_S,
    ) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._hub = hub
        self._answer = answer
        self._encode = encode
        self._after = after
        self._heartbeat_s = heartbeat_s
        self._slow_reader_s = slow_reader_s
        self._giving_since: float | None = None
        self._sent_at = _now()
        self._timer: asyncio.TimerHandle | None = None
        hub.join(answer)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the answer ends or the reader goes."""
        self._sending = asyncio.create_task(self._send_all(send))
        leaving = asyncio.create_task(_disconnected(receive))
        self._look_later()
        try:
            await asyncio.wait((self._sending, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._hub.part(self._answer)
            if self._timer is not None:
                self._timer.cancel()
            for task in (self._sending, leaving):
                task.cancel()
            results = await asyncio.gather(self._sending, leaving, return_exceptions=True)
        error = results[0]
        if isinstance(error, Exception) and not isinstance(error, OSError):
            raise error

    async def _send_all(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        events, at = self._answer.log, self._after
        while True:
            await events.wait(at)
            found = events.since(at)
            if found:
                at = found[-1][0]
                await self._give(send, self._encode(found))
            elif not events.is_closed and _now() - self._sent_at >= self._heartbeat_s:
                await self._give(send, _HEARTBEAT)
            if events.is_closed and at >= events.last:
                break
        await self._give(send, b"", more=False)

    async def _give(self, send: Send, body: bytes, *, more: bool = True) -> None:
        self._giving_since = _now()
        await send({"type": "http.response.body", "body": body, "more_body": more})
        self._giving_since, self._sent_at = None, _now()

    def _look_later(self) -> None:
        every = min(self._heartbeat_s, self._slow_reader_s) / 4
        self._timer = asyncio.get_running_loop().call_later(every, self._look)

    def _look(self) -> None:
        """One timer for a reader, and none for a token: is a heartbeat due, or has the reader stopped taking anything?"""
        if self._giving_since is not None and _now() - self._giving_since > self._slow_reader_s:
            log.info("slow_reader_cut", message_id=str(self._answer.message_id))
            self._sending.cancel()
            return
        if _now() - self._sent_at >= self._heartbeat_s:
            self._answer.log.wake()
        self._look_later()


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def until_done(context: ServingContext, running: RunningAnswer, request: Request) -> AnswerOut:
    """Wait for a whole answer, unless the one who asked goes away, which ends it.

    Raises:
        ApiError: The answer did not come to its end.
    """
    waiting = asyncio.create_task(service.whole(context, running))
    leaving = asyncio.create_task(_disconnected(request.receive))
    try:
        await asyncio.wait((waiting, leaving), return_when=asyncio.FIRST_COMPLETED)
        if waiting.done():
            return waiting.result()
        # Nobody reads this; it only ends the request.
        raise UnavailableError("The connection was closed before the answer was there")
    finally:
        for task in (waiting, leaving):
            task.cancel()
        await asyncio.gather(waiting, leaving, return_exceptions=True)
