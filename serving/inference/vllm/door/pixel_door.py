"""The door of a vLLM server: an ASGI middleware that vLLM loads by name and that is everyone's way in.

vLLM asks for its key on some paths only, queues without a limit, and changes adapters while answers run. The door asks on
every path but those of health and metrics, refuses what is more than may wait, and lets adapters be changed by a holder
only: it holds new requests back until the running ones have ended.

It runs in vLLM's own environment, so it imports nothing but the standard library.
"""

import asyncio
import hmac
import json
import os
import secrets
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

OPEN_PATHS = frozenset({"/health", "/ping", "/metrics"})
HELD_PATHS = frozenset({"/v1/load_lora_adapter", "/v1/unload_lora_adapter"})
# Everything that makes tokens; vLLM has more ways to do that than the product uses, and those are closed.
COUNTED_PATHS = frozenset({"/v1/chat/completions", "/v1/completions"})
FREE_PATHS = frozenset({"/v1/models", "/version"})
HOLD_HEADER = b"x-pixel-hold"
LONGEST_HOLD_S = 600.0
# Below the time that a caller waits for the first word, so that it can still ask another model.
LONGEST_WAIT_S = 10.0


class Door:
    """Decides who comes in, and when.

    Args:
        app: vLLM.
        key: The server's key; from PIXEL_DOOR_KEY unless given.
        most: Requests inside at once, running or queued by vLLM; from PIXEL_DOOR_MOST unless given.
    """

    def __init__(self, app: App, key: str | None = None, most: int | None = None) -> None:
        self._app = app
        self._key = (key if key is not None else os.environ["PIXEL_DOOR_KEY"]).encode()
        self._most = most if most is not None else int(os.environ["PIXEL_DOOR_MOST"])
        self._inside = 0
        self._waiting = 0
        self._holder: str | None = None
        self._held_until = 0.0
        self._changed = asyncio.Condition()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        if scope["type"] != "http" or path in OPEN_PATHS:
            if scope["type"] == "http":
                await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        if not self._is_known(headers.get(b"authorization", b"")):
            await _refuse(send, 401, "invalid_api_key", "The key is missing or wrong.")
        elif path == "/pixel/hold" and scope["method"] == "POST":
            await self._hold(scope, send)
        elif path == "/pixel/release" and scope["method"] == "POST":
            await self._release(headers, send)
        elif path in HELD_PATHS and not self._is_holder(headers):
            await _refuse(send, 409, "not_held", "Adapters are changed by the holder of the door only.")
        elif path in COUNTED_PATHS:
            await self._counted(scope, receive, send, headers)
        elif path in HELD_PATHS or path in FREE_PATHS:
            await self._app(scope, receive, send)
        else:
            await _refuse(send, 404, "not_found", "This path is closed.")

    def _is_known(self, authorization: bytes) -> bool:
        return hmac.compare_digest(authorization, b"Bearer " + self._key)

    @property
    def _is_held(self) -> bool:
        return self._holder is not None and time.monotonic() < self._held_until

    def _is_holder(self, headers: dict[bytes, bytes]) -> bool:
        given = headers.get(HOLD_HEADER)
        return self._is_held and given is not None and hmac.compare_digest(given, str(self._holder).encode())

    async def _counted(self, scope: Scope, receive: Receive, send: Send, headers: dict[bytes, bytes]) -> None:
        if self._is_held and not self._is_holder(headers) and not await self._let_in():
            await _refuse(send, 503, "overloaded_error", "An adapter is being changed.")
            return
        if self._inside >= self._most:
            # Without Retry-After: a place may be free at once, and callers know how to wait.
            await _refuse(send, 503, "overloaded_error", f"{self._most} requests are inside already.")
            return
        self._inside += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._inside -= 1
            if not self._inside:
                await self._tell()

    async def _let_in(self) -> bool:
        """Wait until the door opens; False when it took too long or too many wait."""
        if self._waiting >= self._most:
            return False
        deadline = time.monotonic() + LONGEST_WAIT_S
        self._waiting += 1
        try:
            return await self._until(lambda: not self._is_held, deadline)
        finally:
            self._waiting -= 1

    async def _hold(self, scope: Scope, send: Send) -> None:
        """Close the door and wait for those inside; open it again when they stay for too long."""
        asked = dict(part.split("=", 1) for part in scope["query_string"].decode("ascii").split("&") if "=" in part)
        try:
            drain_s, hold_s = (min(LONGEST_HOLD_S, float(asked[name])) for name in ("drain_s", "hold_s"))
        except (KeyError, ValueError):
            await _refuse(send, 400, "invalid_request_error", "drain_s and hold_s must be numbers of seconds.")
            return
        if self._is_held:
            await _refuse(send, 409, "held", "Somebody else changes adapters now.")
            return
        token = self._holder = secrets.token_hex(16)
        self._held_until = time.monotonic() + drain_s + hold_s
        is_empty = False
        try:
            is_empty = await self._until(lambda: not self._inside, time.monotonic() + drain_s)
        finally:
            if not is_empty and self._holder == token:
                self._holder = None
                await self._tell()
        if is_empty:
            self._held_until = time.monotonic() + hold_s
            await _answer(send, 200, {"token": token})
        else:
            await _refuse(send, 409, "not_drained", f"{self._inside} requests still run.")

    async def _release(self, headers: dict[bytes, bytes], send: Send) -> None:
        is_holder = self._is_holder(headers)
        if is_holder:
            self._holder = None
            await self._tell()
        await _answer(send, 200, {"released": is_holder})

    async def _until(self, is_true: Callable[[], bool], deadline: float) -> bool:
        """Wait for something to become true; a hold that runs out is seen within a quarter of a second."""
        while not is_true():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            async with self._changed:
                try:
                    await asyncio.wait_for(self._changed.wait(), min(left, 0.25))
                except TimeoutError:
                    continue
        return True

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


async def _refuse(send: Send, status: int, code: str, message: str) -> None:
    await _answer(send, status, {"error": {"message": message, "type": code, "code": status}})


async def _answer(send: Send, status: int, body: object) -> None:
    content = json.dumps(body).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
