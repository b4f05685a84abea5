"""Refuses questions that have no chance before anything is read of them: no credential is looked up, no body parsed.

Under a storm the database is what the admitted answers need; those who are turned away must not queue for it.
"""

import re
from collections.abc import Callable
from contextlib import ExitStack

from starlette.types import ASGIApp, Receive, Scope, Send

from serving.conversations.streams.hub import StreamHub
from serving.errors import ApiError, problem

_ASKS = re.compile(r"/v1/chat/completions|/api/v1/conversations/[^/]+/messages|/api/v1/messages/[^/]+/(?:retry|edit)")


class EarlyRefusalMiddleware:
    """Answers 503 with Retry-After while every place is taken and none will be free soon, or too many are on their way."""

    def __init__(self, app: ASGIApp, *, streams: Callable[[], StreamHub]) -> None:
        self._app = app
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on what has a chance."""
        if scope["type"] != "http" or scope["method"] != "POST" or not _ASKS.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
            return
        streams = self._streams()
        with ExitStack() as stack:
            try:
                stack.enter_context(streams.admission.arrival())
            except ApiError as refused:
                streams.refusals.count(refused.slug)
                refused.headers["Connection"] = "close"
                await problem(refused, scope["path"])(scope, receive, send)
                return
            await self._app(scope, receive, send)
