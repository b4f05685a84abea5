"""Sends the events of one conversation to one open page."""

import asyncio
import json
import time
import uuid

from starlette.types import Send

from serving.accounts.principal import Actor
from serving.context import ServingContext
from serving.conversations.live.hub import Watcher
from serving.conversations.live.journal import as_json, events_after
from serving.conversations.streams.sending import HEARTBEAT, EventStreamResponse
from storage.postgres.session import async_organization_session

# A page comes back by itself and is checked again: who was a member an hour ago may be none now.
LIFETIME_S = 1800.0


class LiveEventsResponse(EventStreamResponse):
    """Events after a number, and what comes; typing has no number, since it is not to be read again."""

    def __init__(
        self, context: ServingContext, actor: Actor, conversation_id: uuid.UUID, *, side: str, after: int
    ) -> None:
        super().__init__()
        self._context = context
        self._actor = actor
        self._conversation_id = conversation_id
        self._after = after
        self._watcher: Watcher = context.live.watch(conversation_id, side)

    def part(self) -> None:
        """The page is closed."""
        self._context.live.leave(self._conversation_id, self._watcher)

    async def send_events(self, send: Send) -> None:
        """Send what there is and what comes. No connection of the database is held while nothing comes."""
        ends_at = time.monotonic() + LIFETIME_S
        await self.give(send, b"retry: 1000\n\n")
        while time.monotonic() < ends_at:
            self._watcher.changed.clear()
            if not await self._send_new(send):
                await self._wait(send)

    async def _wait(self, send: Send) -> None:
        try:
            async with asyncio.timeout(self.heartbeat_s):
                await self._watcher.changed.wait()
        except TimeoutError:
            await self.give(send, HEARTBEAT)

    async def _send_new(self, send: Send) -> bool:
        typing, self._watcher.typing = self._watcher.typing, set()
        for side in sorted(typing):
            await self.give(send, encoded("typing", {"side": side}))
        async with async_organization_session(self._context.engine, self._actor.organization_id) as session:
            found = await events_after(session, self._conversation_id, self._after)
        for one in found:
            await self.give(send, encoded(one.kind, as_json(one), number=one.number))
            self._after = one.number
        return bool(found)


def encoded(name: str, data: dict[str, object], *, number: int | None = None) -> bytes:
    """An event on the wire."""
    id_line = f"id: {number}\n" if number is not None else ""
    return f"event: {name}\n{id_line}data: {json.dumps(data, separators=(',', ':'))}\n\n".encode()
