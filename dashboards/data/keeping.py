"""Keeps people signed in when they load a page anew: their session's token, in a cookie that no script can read.

Streamlit's scripts can read cookies and not set them. One that has signed somebody in offers the token under a code, and the
browser changes the code for the cookie. A code works once and for a minute.
"""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

COOKIE = "pixel_dashboards"
PATH = "/browser-session"
CODE_LASTS_S = 60.0
_MOST_OFFERS = 1000
_MOST_BYTES = 256


@dataclass(frozen=True)
class _Offer:
    token: str
    session_ends: datetime
    until: float


class Offers:
    """Tokens that wait for their browsers. Safe to share between threads.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: dict[str, _Offer] = {}

    def offer(self, token: str, session_ends: datetime) -> str:
        """The code that the browser may change for the cookie.

        Args:
            token: Of the session.
            session_ends: When the session ends by itself; the cookie ends then, too.
        """
        code, now = secrets.token_urlsafe(32), self._clock()
        with self._lock:
            fresh = {known: one for known, one in self._waiting.items() if one.until > now}
            while len(fresh) >= _MOST_OFFERS:
                del fresh[next(iter(fresh))]
            self._waiting = {**fresh, code: _Offer(token, session_ends, now + CODE_LASTS_S)}
        return code

    def take(self, code: str) -> tuple[str, datetime] | None:
        """Token and end of the session; None for a code that is unknown, used or too old."""
        with self._lock:
            found = self._waiting.pop(code, None)
        return (found.token, found.session_ends) if found is not None and found.until > self._clock() else None


OFFERS = Offers()


async def keep(request: Request) -> Response:
    """The cookie for a code."""
    if not _is_from_our_page(request):
        return PlainTextResponse("Only the dashboards' own pages may ask for this.", 403)
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BYTES:
            return PlainTextResponse("A code is shorter.", 413)
    found = OFFERS.take(body.decode(errors="replace"))
    if found is None:
        return PlainTextResponse("This code was used already, or is too old.", 404)
    token, session_ends = found
    response = Response(status_code=204)
    response.set_cookie(
        COOKIE, token, max_age=max(0, int((session_ends - datetime.now(UTC)).total_seconds())), path="/",
        secure=request.url.scheme == "https", httponly=True, samesite="strict",
    )  # fmt: skip
    return response


async def forget(request: Request) -> Response:
    """Take the cookie back."""
    if not _is_from_our_page(request):
        return PlainTextResponse("Only the dashboards' own pages may ask for this.", 403)
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return response


ROUTES = (Route(PATH, keep, methods=["POST"]), Route(PATH, forget, methods=["DELETE"]))


def _is_from_our_page(request: Request) -> bool:
    """Whether the browser says so: nobody shall be signed in as somebody else by a page of others."""
    origin = urlsplit(request.headers.get("origin", ""))
    return bool(origin.netloc) and origin.netloc == request.headers.get("host")
