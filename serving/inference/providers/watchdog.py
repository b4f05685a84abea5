"""Ends a call that stands still.

One timer for each call, moved only when it rings: setting a timeout for each token would cost more than reading it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from typing import Self, TypeVar

from serving.inference.providers.limits import CallLimits

T = TypeVar("T")


class StalledError(Exception):
    """Nothing came within a limit; the message says which one."""


class Watchdog:
    """Watches one call, inside `with`.

    Args:
        limits: How long each part may take.
        deadline: `time.monotonic()` by which everything must be over, if that is earlier than the limits say.
    """

    def __init__(self, limits: CallLimits, deadline: float | None) -> None:
        now = time.monotonic()
        latest = now + limits.total_s
        self._deadline = latest if deadline is None else min(deadline, latest)
        self._gap_s = limits.gap_s
        self._due = now + limits.first_token_s
        self._has_begun = False
        self._task: asyncio.Task[object] | None = None
        self._cancelling = 0
        self._has_expired = False
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        self._set_timer()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def progress(self) -> None:
        """A piece of the answer came: the wait for the next one begins."""
        self._has_begun = True
        self._due = time.monotonic() + self._gap_s

    async def wait(self, awaited: Awaitable[T]) -> T:
        """Wait for the provider.

        Raises:
            StalledError: It took too long.
        """
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine is always run by one
        self._task, self._cancelling = task, task.cancelling()
        try:
            found = await awaited
        except asyncio.CancelledError:
            if self._take_back(task):
                raise StalledError(self._story()) from None
            raise
        finally:
            self._task = None
        if self._has_expired:
            self._take_back(task)
            raise StalledError(self._story())
        return found

    async def each(self, pieces: AsyncIterator[T]) -> AsyncIterator[T]:
        """The pieces of a response, each waited for."""
        while True:
            try:
                piece = await self.wait(pieces.__anext__())
            except StopAsyncIteration:
                return
            yield piece

    def _take_back(self, task: "asyncio.Task[object]") -> bool:
        """Whether the cancellation was ours alone; someone else's must go on."""
        return self._has_expired and task.uncancel() <= self._cancelling

    def _set_timer(self) -> None:
        moment = min(self._due, self._deadline)
        delay = max(0.0, moment - time.monotonic())
        self._timer = asyncio.get_running_loop().call_later(delay, self._ring)

    def _ring(self) -> None:
        now = time.monotonic()
        if self._task is None and now < self._deadline:
            # The reader of the answer is busy, not the provider: the wait begins anew with it.
            self._due = max(self._due, now + self._gap_s)
        elif now >= min(self._due, self._deadline):
            self._has_expired = True
            if self._task is not None:
                self._task.cancel()
            return
        self._set_timer()

    def _story(self) -> str:
        if time.monotonic() >= self._deadline:
            return "the whole answer was not there in time"
        return "the answer stood still" if self._has_begun else "the answer did not begin in time"
