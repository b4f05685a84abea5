"""Keeps people signed in when they load a page anew: their session's token, in a cookie that no script can read.

Streamlit's scripts can read cookies and not set them. One that has signed somebody in offers the token under a code, and the
browser changes the code for the cookie. A code works once and for a minute.
"""

import hashlib
import hmac
import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

log = structlog.get_logger(__name__)

# Over HTTPS under a name that no neighbouring host can set (as decision 0016 has it for visitors).
COOKIE, SECURE_COOKIE = "pixel_dashboards", "__Host-pixel_dashboards"
PATH = "/browser-session"
CODE_LASTS_S = 60.0
_MOST_OFFERS = 1000
_MOST_BYTES = 256
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,200}")


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


def kept_token(cookies: Mapping[str, str], headers: Mapping[str, str]) -> str | None:
    """The token in the cookie of a window's connection; None without one, and for a connection that a page of others opened.

    Browsers send the cookie with connections from other ports of the host, and Streamlit lets some of these in.
    """
    origin = headers.get("Origin")
    if not _is_same(origin, headers.get("Host")):
        return None
    token = cookies.get(SECURE_COOKIE if _is_https(origin) else COOKIE, "")
    return token if _TOKEN.fullmatch(token) else None


def digest(token: str) -> str:
    """Names a token to whoever has it, and to nobody else."""
    return hashlib.sha256(token.encode()).hexdigest()


async def keep(request: Request) -> Response:
    """The cookie for a code."""
    body = await _asked(request)
    if isinstance(body, Response):
        return body
    found = OFFERS.take(body)
    if found is None:
        return PlainTextResponse("This code was used already, or is too old.", 404)
    token, session_ends = found
    is_https = _is_https(request.headers.get("origin"))
    response = Response(status_code=204)
    response.set_cookie(
        SECURE_COOKIE if is_https else COOKIE, token, path="/", secure=is_https, httponly=True, samesite="strict",
        max_age=max(0, int((session_ends - datetime.now(UTC)).total_seconds())),
    )  # fmt: skip
    return response


async def forget(request: Request) -> Response:
    """Take the cookie of a session back, named by its token's digest: in another window somebody else may have signed in."""
    body = await _asked(request)
    if isinstance(body, Response):
        return body
    is_https = _is_https(request.headers.get("origin"))
    name = SECURE_COOKIE if is_https else COOKIE
    response = Response(status_code=204)
    if hmac.compare_digest(digest(request.cookies.get(name, "")).encode(), body.encode()):
        response.delete_cookie(name, path="/", secure=is_https, httponly=True, samesite="strict")
    return response


ROUTES = (Route(PATH, keep, methods=["POST"]), Route(PATH, forget, methods=["DELETE"]))


async def _asked(request: Request) -> str | Response:
    """What a page of ours sent, or the refusal: nobody shall be signed in as somebody else by a page of others."""
    if not _is_same(request.headers.get("origin"), request.headers.get("host")):
        log.warning("browser_session_refused", origin=request.headers.get("origin"), host=request.headers.get("host"))
        return PlainTextResponse("Only the dashboards' own pages may ask for this.", 403)
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BYTES:
            return PlainTextResponse("A code is shorter.", 413)
    return body.decode(errors="replace")


def _is_same(origin: str | None, host: str | None) -> bool:
    """Whether an origin is where it asks."""
    try:
        found = urlsplit(origin or "").netloc
    except ValueError:  # `http://[`
        return False
    return bool(found) and found == host


def _is_https(origin: str | None) -> bool:
    """What the browser says: a proxy may end HTTPS in front of the dashboards and not tell."""
    return (origin or "").startswith("https://")
