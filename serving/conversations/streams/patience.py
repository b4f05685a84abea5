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

    async def finish(self, transaction: Callable[[], Awaitable[Result]]) -> Result:
        """As `run`, but to its end even when the caller is cancelled meanwhile: what is all there is not thrown away.

        A cancellation that came while it ran is over with it, unless it takes longer than `FINISH_S`.

        Raises:
            SQLAlchemyError: As `run`.
        """
        running = asyncio.ensure_future(self.run(transaction))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            if running.cancelled():
                raise
            await asyncio.wait((running,), timeout=FINISH_S)
            if not running.done():
                running.cancel()
                raise
            if (task := asyncio.current_task()) is not None:
                task.uncancel()
            return running.result()
