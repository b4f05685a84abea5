"""The end of an answer is written down, however many end at once and though the database is away for a while."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from serving.errors import DATABASE_ERRORS

log = structlog.get_logger(__name__)

Result = TypeVar("Result")

# Fewer than there are connections: answers that begin must not wait for those that end.
_AT_ONCE = 8
_KEEP_TRYING_S = 60.0
_FIRST_WAIT_S = 0.2
_LONGEST_WAIT_S = 3.0
FINISH_S = 5.0


class Closing:
    """Lets a few transactions at a time end answers, and tries again while the database does not answer."""

    def __init__(self, *, at_once: int = _AT_ONCE, keep_trying_s: float = _KEEP_TRYING_S) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._keep_trying_s = keep_trying_s

    async def run(self, transaction: Callable[[], Awaitable[Result]]) -> Result:
        """Run a transaction that may be run again; what it returns.

        Raises:
            SQLAlchemyError: The database was away for longer than it was waited for, or the transaction is wrong.
        """
        deadline = time.monotonic() + self._keep_trying_s
        wait_s = _FIRST_WAIT_S
        while True:
            try:
                async with self._places:
                    return await transaction()
            except DATABASE_ERRORS as error:
                if time.monotonic() + wait_s > deadline:
                    raise
                log.warning("closing_waits", error=type(error).__name__)
            await asyncio.sleep(wait_s)
            wait_s = min(_LONGEST_WAIT_S, wait_s * 2)

    async def finish(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """Do something to its end even when the caller is cancelled meanwhile, once or again.

        A cancellation that came while it ran is over with it, unless it takes longer than `FINISH_S` from then on: then it
        is cancelled, and has ended when this returns.

        Raises:
            asyncio.CancelledError: It took too long.
        """
        running = asyncio.ensure_future(work())
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            if running.cancelled():
                raise
        cancellations = 1
        deadline = time.monotonic() + FINISH_S
        while not running.done():
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                running.cancel()
            try:
                await asyncio.wait((running,), timeout=max(left_s, 0.05))
            except asyncio.CancelledError:
                cancellations += 1
        if running.cancelled():
            raise asyncio.CancelledError
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine is always run by one
        for _ in range(cancellations):
            task.uncancel()
        return running.result()
