"""The events of one answer, numbered, kept small, read by any number of readers from any number on."""

import asyncio
from array import array
from bisect import bisect_right
from collections.abc import Iterator

from serving.conversations.events import AnswerDelta, AnswerEvent
from serving.conversations.streams.text import GrowingText


class AnswerLog:
    """Events from 1 on.

    Text is kept as one text with the place where each event ended, so that a reader who asks for what came after event N
    gets the rest in one piece, whatever it was sent in.
    """

    def __init__(self) -> None:
        self.text = GrowingText()
        self._ends = array("I", [0])  # of the text, after each event
        self._others: dict[int, AnswerEvent] = {}
        self._numbers: list[int] = []  # of the others, ascending
        self._latest: AnswerEvent | None = None
        self._waiting: set[asyncio.Future[None]] = set()
        self.is_closed = False

    @property
    def last(self) -> int:
        """Number of the latest event, 0 before the first."""
        return len(self._ends) - 1

    @property
    def characters(self) -> int:
        """Length of the text so far."""
        return len(self.text)

    def append(self, event: AnswerEvent) -> None:
        """Add an event and wake the readers."""
        if isinstance(event, AnswerDelta):
            self.text.add(event.text)
        else:
            self._others[self.last + 1] = event
            self._numbers.append(self.last + 1)
        self._ends.append(len(self.text))
        self._latest = event
        self.wake()

    def close(self) -> None:
        """No event follows."""
        self.is_closed = True
        self.wake()

    def since(self, number: int) -> list[tuple[int, AnswerEvent]]:
        """Events after `number`, each with its own; text between two others is one delta with the number of its last."""
        if number == self.last - 1 and self._latest is not None:
            return [(self.last, self._latest)]
        return list(self._since(number)) if number < self.last else []

    def _since(self, number: int) -> Iterator[tuple[int, AnswerEvent]]:
        at = number
        for other in self._numbers[bisect_right(self._numbers, number) :]:
            if self._ends[other - 1] > self._ends[at]:
                yield other - 1, AnswerDelta(self.text.between(self._ends[at], self._ends[other - 1]))
            yield other, self._others[other]
            at = other
        if self._ends[self.last] > self._ends[at]:
            yield self.last, AnswerDelta(self.text.between(self._ends[at], self._ends[self.last]))

    async def wait(self, number: int) -> None:
        """Until there is an event after `number`, no more will come, or somebody calls `wake`."""
        if self.last > number or self.is_closed:
            return
        woken = asyncio.get_running_loop().create_future()
        self._waiting.add(woken)
        try:
            await woken
        finally:
            self._waiting.discard(woken)

    async def closed(self) -> None:
        """Until no more will come."""
        while not self.is_closed:
            await self.wait(self.last)

    def wake(self) -> None:
        """Let everybody who waits look again."""
        for woken in self._waiting:
            if not woken.done():
                woken.set_result(None)
        self._waiting.clear()
