"""Refuses questions that have no chance before anything is read of them: no credential is looked up, no body parsed.

Under a storm the database is what the admitted answers need; those who are turned away must not queue for it. And a question
counts as on its way until its body has come: one that is promised and never sent must not keep others out.
"""

import asyncio
import re
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.conversations.streams.hub import StreamHub
from serving.errors import ApiError, problem

ASKS = re.compile(r"/v1/chat/completions|/api/v1/conversations/[^/]+/messages|/api/v1/messages/[^/]+/(?:retry|edit)")
BODY_WITHIN_S = 10.0
# Of the questions that may be on their way, those whose body one person, program, or bot's visitors may still owe.
_SHARE = 0.25
_CLOSE = {"Connection": "close"}


class EarlyRefusalMiddleware:
    """Answers 503 with Retry-After while every place is taken and none will be free soon, or too many are on their way.

    A body that has not come whole after `body_within_s` seconds is answered 408, and one more owed by somebody who owes a
    quarter of all already 429; the connection is closed either way.
    """

    def __init__(self, app: ASGIApp, *, streams: Callable[[], StreamHub], body_within_s: float = BODY_WITHIN_S) -> None:
        self._app = app
        self._streams = streams
        self._body_within_s = body_within_s
        self._owed: Counter[uuid.UUID | None] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on what has a chance."""
        if scope["type"] != "http" or scope["method"] != "POST" or not ASKS.fullmatch(scope["path"]):
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
            most = max(1, int(streams.admission.limits.arriving * _SHARE))
            body = _Body(scope, receive, self._owed, most=most, within_s=self._body_within_s)
            stack.callback(body.end)
            await self._app(scope, body.receive, send)


class _Body:
    """The body of a question: it comes within a time, and nobody owes many. Asked for only once its sender is known."""

    def __init__(
        self, scope: Scope, receive: Receive, owed: Counter[uuid.UUID | None], *, most: int, within_s: float
    ) -> None:
        self._scope = scope
        self._receive = receive
        self._owed = owed
        self._most = most
        self._within_s = within_s
        self._deadline: float | None = None
        self._sender: uuid.UUID | None = None
        self._is_owed = False
        self._is_whole = False

    async def receive(self) -> Message:
        """The next message. Of the errors that a body may raise while it is read, the framework passes this kind on.

        Raises:
            HTTPException: 408, it takes too long; 429, its sender owes too many.
        """
        if self._is_whole:
            return await self._receive()
        self._begin()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            said = f"The body did not come within {self._within_s:.0f} seconds; send it at once"
            raise HTTPException(408, said, headers=_CLOSE) from None
        if message["type"] != "http.request" or not message.get("more_body", False):
            self._is_whole = True
            self.end()
        return message

    def end(self) -> None:
        """It has come, or is not waited for any more; said once or many times."""
        if self._is_owed:
            self._is_owed = False
            self._owed[self._sender] -= 1
            if not self._owed[self._sender]:
                del self._owed[self._sender]

    def _begin(self) -> None:
        if self._deadline is not None:
            return
        self._deadline = asyncio.get_running_loop().time() + self._within_s
        self._sender = _sender(self._scope)
        if self._owed[self._sender] >= self._most:
            said = f"{self._most} of your questions are announced whose bodies have not come; send those first"
            raise HTTPException(429, said, headers={"Retry-After": "1", **_CLOSE})
        self._owed[self._sender] += 1
        self._is_owed = True


def _sender(scope: Scope) -> uuid.UUID | None:
    """Who sends it, as authentication found: anybody can be many visitors, so those of a bot are one."""
    principal = scope.get("state", {}).get("principal")
    if principal is None:
        return None
    sender: uuid.UUID | None = principal.chatbot_id or principal.api_key_id or principal.user_id
    return sender
