"""Sends an answer's events to one reader: heartbeats while nothing happens, and an end for readers who do not read."""

import asyncio
from collections.abc import Callable, Iterable

from starlette.requests import Request
from starlette.types import Send

from serving.context import ServingContext
from serving.conversations import service
from serving.conversations.events import AnswerEvent
from serving.conversations.schemas import AnswerOut
from serving.conversations.streams.hub import RunningAnswer, StreamHub
from serving.conversations.streams.sending import (
    HEARTBEAT,
    HEARTBEAT_S,
    SLOW_READER_S,
    EventStreamResponse,
    disconnected,
)
from serving.errors import UnavailableError

Encoder = Callable[[Iterable[tuple[int, AnswerEvent]]], bytes]


class AnswerStreamResponse(EventStreamResponse):
    """Server-sent events of one answer, from event `after` on.

    The socket's own buffer is the only one that a reader has: events wait in the answer's log, which all readers share.
    """

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
        super().__init__(heartbeat_s=heartbeat_s, slow_reader_s=slow_reader_s)
        self._hub = hub
        self._answer = answer
        self._encode = encode
        self._after = after
        hub.join(answer)

    def part(self) -> None:
        """The reader goes."""
        self._hub.part(self._answer)

    def quiet(self) -> None:
        """Wake the reader's own loop, which then sends a heartbeat."""
        self._answer.log.wake()

    async def send_events(self, send: Send) -> None:
        """Send what there is and what comes, until the answer ends."""
        events, at = self._answer.log, self._after
        while True:
            await events.wait(at)
            found = events.since(at)
            if found:
                at = found[-1][0]
                await self.give(send, self._encode(found))
            elif not events.is_closed and self.is_quiet:
                await self.give(send, HEARTBEAT)
            if events.is_closed and at >= events.last:
                break


async def until_done(context: ServingContext, running: RunningAnswer, request: Request) -> AnswerOut:
    """Wait for a whole answer, unless the one who asked goes away, which ends it.

    Raises:
        ApiError: The answer did not come to its end.
    """
    waiting = asyncio.create_task(service.whole(context, running))
    leaving = asyncio.create_task(disconnected(request.receive))
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
