"""Tasks that go on beside the answers and end with the process."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

MOST_AT_ONCE = 50

log = structlog.get_logger(__name__)


class Beside:
    """A bounded number of tasks. One more is dropped: what they make is made again at the next occasion."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, name: str, work: Callable[[], Awaitable[None]]) -> bool:
        """Start a task; whether there was room for it."""
        if len(self._tasks) >= MOST_AT_ONCE:
            log.warning("beside_dropped", task=name)
            return False
        task = asyncio.create_task(_logged(name, work), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def finished(self) -> None:
        """Wait for what runs."""
        await asyncio.gather(*self._tasks)

    async def close(self) -> None:
        """End what runs."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _logged(name: str, work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except Exception as error:  # noqa: BLE001 - nobody waits for it, so it is told here
        log.error("beside_failed", task=name, error=type(error).__name__)
