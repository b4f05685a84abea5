"""`/chat/{bot}`: the page, its files, and a sign-in that leaves the session in a cookie no script can read."""

from pathlib import Path
from typing import Literal

from fastapi import APIRouter, Request, Response

from serving.accounts import service
from serving.accounts.authentication import SESSION_COOKIE, cookie_name
from serving.accounts.schemas import SessionCreate
from serving.bots.errors import ChatbotNotFoundError
from serving.context import ServingContext
from serving.dependencies import Context, CurrentPrincipal, IdentityDatabase
from serving.visitors.service import find_published

_ASSETS = Path(__file__).with_name("assets")
AssetName = Literal[
    "chat.css", "asking.js", "chat.js", "drawing.js", "page.js", "passages.js", "person.js", "texts.js", "turns.js"
]
_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}
# Everything comes from here and nothing is written into the page: no script or style of a document can run.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "form-action 'none'; base-uri 'none'; frame-ancestors "
)
_HEADERS = {
    "Content-Security-Policy": _POLICY + "'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}

router = APIRouter(prefix="/chat", tags=["chat page"])


@router.get("/assets/{name}", response_class=Response)
async def read_asset(name: AssetName) -> Response:
    """The page's style, or a script of it."""
    return Response((_ASSETS / name).read_text(), media_type=_TYPES[name.rsplit(".")[-1]], headers=_HEADERS)


@router.post("/session", status_code=204, response_class=Response)
async def sign_in(body: SessionCreate, request: Request, context: Context) -> Response:
    """Sign in on the page: the session goes into a cookie, and counts only for requests that the page makes."""
    address = request.client.host if request.client else "unknown"
    agent = request.headers.get("user-agent")
    opened = await service.sign_in(context.engine, context.settings, body, address=address, user_agent=agent)
    response = Response(status_code=204)
    name, is_secure = _session_cookie(request)
    response.set_cookie(
        name, opened.token, max_age=context.settings.session_hours * 3600, path="/", httponly=True,
        samesite="strict", secure=is_secure,
    )  # fmt: skip
    return response


@router.delete("/session", status_code=204, response_class=Response)
async def sign_out(principal: CurrentPrincipal, request: Request, session: IdentityDatabase) -> Response:
    """End the session and take the cookie away."""
    await service.sign_out(session, principal.session_id)
    response = Response(status_code=204)
    name, is_secure = _session_cookie(request)
    response.delete_cookie(name, path="/", secure=is_secure, httponly=True, samesite="strict")
    return response


@router.get("/{bot}", response_class=Response)
async def read_page(bot: str, context: Context) -> Response:
    """The page of a bot. It is the same for every name: who may not see a bot cannot tell whether there is one.

    Only of a bot that is published to visitors, the header says which other sites may show the page inside theirs.
    """
    page = (_ASSETS / "chat.html").read_text()
    headers = {**_HEADERS, "Content-Security-Policy": _POLICY + await _frame_ancestors(context, bot)}
    return Response(page, media_type="text/html; charset=utf-8", headers=headers)


def _session_cookie(request: Request) -> tuple[str, bool]:
    """Its name, and whether it is for HTTPS alone: browsers take it away under the same conditions that they took it."""
    return cookie_name(SESSION_COOKIE, request.url.scheme), request.url.scheme == "https"


async def _frame_ancestors(context: ServingContext, bot: str) -> str:
    try:
        found = await find_published(context.engine, bot)
    except ChatbotNotFoundError:
        return "'none'"
    return " ".join(found.frame_origins) or "'none'"
