"""Wakes whoever watches a conversation in this process, and tells the other processes to do the same, or to stop an answer.

What is told carries ids only and may be lost while the database is away: readers look into it every few seconds anyway, and
an answer that was not stopped comes to its own end.
"""

import asyncio
import json
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

log = structlog.get_logger(__name__)


@dataclass(eq=False)
class Watcher:
    """One open page. `typing` holds the sides that type since it last looked."""

    side: str
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    typing: set[str] = field(default_factory=set)


class LiveHub:
    """The watchers of one process, and what is to be told to other processes.

    Args:
        stop: Ends an answer that runs in this process, when another process was asked to.
    """

    def __init__(self, stop: Callable[[uuid.UUID], object] = lambda _: None) -> None:
        self.id = uuid.uuid4().hex
        self._stop = stop
        self._watchers: dict[uuid.UUID, set[Watcher]] = defaultdict(set)
        # The same news of one conversation is told once, however often it came before it was sent.
        self._untold: dict[str, None] = {}
        self._has_untold = asyncio.Event()

    @property
    def watchers(self) -> int:
        """Open pages."""
        return sum(len(watchers) for watchers in self._watchers.values())

    def watch(self, conversation_id: uuid.UUID, side: str) -> Watcher:
        """A page is opened; `leave` must follow."""
        watcher = Watcher(side)
        self._watchers[conversation_id].add(watcher)
        return watcher

    def leave(self, conversation_id: uuid.UUID, watcher: Watcher) -> None:
        """A page is closed."""
        self._watchers[conversation_id].discard(watcher)
        if not self._watchers[conversation_id]:
            del self._watchers[conversation_id]

    def changed(self, conversation_id: uuid.UUID) -> None:
        """Something was committed that the watchers of a conversation want to read."""
        self._wake(conversation_id, None)
        self._tell({"conversation": str(conversation_id)})

    def typing(self, conversation_id: uuid.UUID, side: str) -> None:
        """Somebody types; told to the other side, kept nowhere."""
        self._wake(conversation_id, side)
        self._tell({"conversation": str(conversation_id), "typing": side})

    def stop_elsewhere(self, message_id: uuid.UUID) -> None:
        """An answer is to end wherever else it runs; that whoever wants it may is for the caller to know."""
        self._tell({"stop": str(message_id)})

    async def has_untold(self) -> None:
        """Wait until there is something that other processes have not been told."""
        await self._has_untold.wait()

    async def untold(self) -> list[str]:
        """What other processes have not been told; waits until there is something."""
        await self._has_untold.wait()
        self._has_untold.clear()
        told, self._untold = list(self._untold), {}
        return told

    def hear(self, payload: str) -> None:
        """News of another process; one's own and what is none of ours are passed over."""
        try:
            news = json.loads(payload)
            sender, is_stop = news["from"], "stop" in news
            about = uuid.UUID(str(news["stop" if is_stop else "conversation"]))
            typing = None if news.get("typing") is None else str(news["typing"])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            log.warning("live_news_unreadable", characters=len(payload))
            return
        if sender == self.id:
            return
        if is_stop:
            self._stop(about)
        else:
            self._wake(about, typing)

    def wake_all(self) -> None:
        """Let every watcher look: news may have been missed."""
        for watchers in self._watchers.values():
            for watcher in watchers:
                watcher.changed.set()

    def _wake(self, conversation_id: uuid.UUID, typing: str | None) -> None:
        for watcher in self._watchers.get(conversation_id, ()):
            if typing is not None:
                if typing == watcher.side:
                    continue
                watcher.typing.add(typing)
            watcher.changed.set()

    def _tell(self, news: dict[str, str]) -> None:
        self._untold[json.dumps({**news, "from": self.id})] = None
        self._has_untold.set()
