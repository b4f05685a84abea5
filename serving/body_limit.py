"""Refuses bodies that are too large, before they are read where their length is told, else as soon as too much has come."""

import re

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.errors import TooLargeError, problem

_ASKS = re.compile(r"/v1/chat/completions|/api/v1/conversations/[^/]+/messages|/api/v1/messages/[^/]+/(?:retry|edit)")
# A question with a long history; a file is never sent there.
ASKED_BYTES = 1024 * 1024


class BodyLimitMiddleware:
    """Answers 413 with a problem that says how much is allowed.

    The framework's own limit answers in plain text, also to those who sent no credential.
    """

    def __init__(self, app: ASGIApp, *, most_bytes: int) -> None:
        self._app = app
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on what is small enough."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = ASKED_BYTES if _ASKS.fullmatch(scope["path"]) else self._most_bytes
        told = Headers(scope=scope).get("content-length", "")
        if told.isdigit() and int(told) > most:
            await problem(_too_large(most), scope["path"])(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > most:
                # Of the errors that a body may raise while it is read, the framework passes this kind on.
                raise HTTPException(413, _too_large(most).detail)
            return message

        await self._app(scope, counted, send)


def _too_large(most: int) -> TooLargeError:
    return TooLargeError(f"The body is larger than {most / 1024 / 1024:.4g} MB, the most that is read here")
