"""Refuses bodies that are too large, before they are read where their length is told, else as soon as too much has come."""

import re

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.accounts.authentication import is_public
from serving.errors import TooLargeError, problem

_KB = 1024
# The one route that takes a file.
_UPLOADS = re.compile(r"/api/v1/knowledge-bases/[^/]+/documents")
# Whole sets of examples: 20,000 of 500 characters at most.
_EXAMPLES = re.compile(r"/api/v1/chatbots/[^/]+/intents(?:/examples|/test)?")
EXAMPLES_BYTES = 16 * 1024 * _KB
# A question with a long history, a bot with its prompt; all other JSON is smaller.
JSON_BYTES = 1024 * _KB
# Without a credential: a sign-in.
PUBLIC_BYTES = 16 * _KB


class BodyLimitMiddleware:
    """Answers 413 with a problem that says how much is allowed.

    The framework's own limit answers in plain text, also to those who sent no credential.

    Args:
        app: What is behind it.
        upload_bytes: The largest body with a file; every other is `JSON_BYTES`, `EXAMPLES_BYTES` or `PUBLIC_BYTES` at most.
    """

    def __init__(self, app: ASGIApp, *, upload_bytes: int) -> None:
        self._app = app
        self._upload_bytes = upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on what is small enough."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self._most(scope)
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

    def _most(self, scope: Scope) -> int:
        if is_public(scope):
            return PUBLIC_BYTES
        if scope["method"] == "POST" and _UPLOADS.fullmatch(scope["path"]):
            return self._upload_bytes
        if scope["method"] == "POST" and _EXAMPLES.fullmatch(scope["path"]):
            return EXAMPLES_BYTES
        return JSON_BYTES


def _too_large(most: int) -> TooLargeError:
    kilobytes = most / _KB
    size = f"{kilobytes / _KB:.4g} MB" if kilobytes >= _KB else f"{kilobytes:.4g} kB"
    return TooLargeError(f"The body is larger than {size}, the most that is read here")
