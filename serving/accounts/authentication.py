"""Authentication before anything else: no body is read, and no route runs, for a request without a credential.

A pure ASGI middleware, because a framework dependency would run after the body was parsed.
"""

import re
import uuid
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.accounts.credentials import SESSION_PREFIX, VISITOR_PREFIX, secret_matches, split_api_key, token_hash
from serving.accounts.principal import Membership, Principal
from serving.accounts.roles import VisitorRole
from serving.errors import DATABASE_ERRORS, ApiError, UnauthenticatedError, database_problem, problem
from storage.postgres.models.member import Role
from storage.postgres.models.user import User
from storage.postgres.models.user_session import UserSession
from storage.postgres.session import async_identity_session
from storage.postgres.visibility import reading_as

# Every route that answers without a credential; the test of the route matrix reads this list.
PUBLIC_ROUTES = frozenset(
    {
        ("GET", "/health"),
        ("GET", "/ready"),
        ("GET", "/metrics"),  # it asks for its own token, or for a scraper on this machine
        ("GET", "/openapi.json"),
        ("GET", "/docs"),
        ("POST", "/api/v1/sessions"),
        ("GET", "/chat/{bot}"),
        ("GET", "/chat/assets/{name}"),
        ("POST", "/chat/session"),
        # Of a bot that is not published to visitors they say what they say of one that is not there.
        ("GET", "/chat/{bot}/about"),
        ("POST", "/chat/{bot}/visitor"),
    }
)
_PUBLIC_PAGES = {
    "GET": re.compile(r"/chat/[^/]+|/chat/assets/[^/]+|/chat/[^/]+/about"),
    "POST": re.compile(r"/chat/[^/]+/visitor"),
}
ORGANIZATION_HEADER = "x-organization"
# Browsers take a cookie of this kind only over HTTPS and from this host itself, so that none is planted by a neighbouring
# host or by somebody on the way. It is the one that counts over HTTPS; over plain HTTP browsers take none of them.
HOST_ONLY = "__Host-"
# The session of somebody who signed in on a page of ours. The cookie goes along with every request that a browser makes to
# this address, whoever caused it; the header only with those of our own script, since no other site may send it.
SESSION_COOKIE = "pixel_session"
PAGE_HEADER = "x-pixel-page"
# A visitor's cookie is one bot's, since somebody may visit several; with this header the page says whose is meant.
BOT_HEADER = "x-pixel-bot"


class AuthenticationMiddleware:
    """Puts the principal into the request's state, and what it may read into the request's context; or answers 401."""

    def __init__(self, app: ASGIApp, *, engine: Callable[[], AsyncEngine]) -> None:
        self._app = app
        self._engine = engine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Authenticate, then hand on. Whatever fails to happen here leaves a request with nothing restricted to read."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with reading_as(()):
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if is_public(scope):
            await self._app(scope, receive, send)
            return
        try:
            principal = await authenticate(self._engine(), Headers(scope=scope), scheme=scope["scheme"])
        except ApiError as error:
            await problem(error, scope["path"])(scope, receive, send)
            return
        except DATABASE_ERRORS as error:
            await database_problem(error, scope)(scope, receive, send)
            return
        if principal.visitor_id is not None and scope.get("client"):
            principal = replace(principal, address=scope["client"][0])
        scope.setdefault("state", {})["principal"] = principal
        with reading_as(principal.group_ids):
            await self._app(scope, receive, send)


def is_public(scope: Scope) -> bool:
    """Whether a request needs no credential."""
    pages = _PUBLIC_PAGES.get(scope["method"])
    is_page = pages is not None and pages.fullmatch(scope["path"]) is not None
    return is_page or (scope["method"], scope["path"]) in PUBLIC_ROUTES


def cookie_name(name: str, scheme: str) -> str:
    """The name under which a cookie is set and read.

    Args:
        name: As it is over plain HTTP.
        scheme: How the request came.
    """
    return HOST_ONLY + name if scheme == "https" else name


def visitor_cookie(chatbot_id: uuid.UUID, scheme: str) -> str:
    """Name of the cookie that holds the token of a bot's visitor, for requests of a scheme."""
    return cookie_name(f"pixel_visitor_{chatbot_id.hex}", scheme)


def visitor_token(headers: Headers, chatbot_id: uuid.UUID, scheme: str) -> str:
    """The token of a bot's visitor in a request that our page made; empty for every other."""
    if headers.get(PAGE_HEADER) != "1":
        return ""
    found = cookie_parser(headers.get("cookie", "")).get(visitor_cookie(chatbot_id, scheme), "")
    return found if found.startswith(VISITOR_PREFIX) and len(found) <= 200 else ""


def _credential(headers: Headers, scheme: str) -> str:
    kind, _, token = headers.get("authorization", "").partition(" ")
    if kind:
        return token.strip() if kind.lower() == "bearer" else ""
    if headers.get(PAGE_HEADER) != "1":
        return ""
    found = cookie_parser(headers.get("cookie", "")).get(cookie_name(SESSION_COOKIE, scheme), "")
    return found if found.startswith(SESSION_PREFIX) else ""


async def authenticate(engine: AsyncEngine, headers: Headers, *, scheme: str) -> Principal:
    """The principal of these headers.

    Args:
        engine: Where credentials are looked up.
        headers: Of the request.
        scheme: How it came, which cookies depend on.

    Raises:
        UnauthenticatedError: No bearer credential, or an unknown, revoked or expired one. The message never says which.
    """
    if headers.get(BOT_HEADER) is not None and "authorization" not in headers:
        return await _visitor(engine, headers, scheme)
    token = _credential(headers, scheme)
    if not token or len(token) > 200:
        raise UnauthenticatedError
    if token.startswith(SESSION_PREFIX):
        async with async_identity_session(engine) as session:
            principal = await _session_principal(session, token)
            if principal is not None:
                principal = await _with_groups(
                    session, _choose_organization(principal, headers.get(ORGANIZATION_HEADER))
                )
    else:
        principal = await _key_principal(engine, token)
    if principal is None:
        raise UnauthenticatedError("This key or session is not valid (unknown, expired or revoked)")
    return principal


async def _visitor(engine: AsyncEngine, headers: Headers, scheme: str) -> Principal:
    try:
        chatbot_id = uuid.UUID(headers[BOT_HEADER])
    except ValueError:
        raise UnauthenticatedError from None
    if not (token := visitor_token(headers, chatbot_id, scheme)):
        raise UnauthenticatedError("No visit has begun here, or this browser keeps no cookie of this page")
    principal = await visitor_principal(engine, token, chatbot_id)
    if principal is None:
        raise UnauthenticatedError("This visit is over, or the bot is not open to visitors any more")
    return principal


async def visitor_principal(engine: AsyncEngine, token: str, chatbot_id: uuid.UUID) -> Principal | None:
    """The visitor of a token, while the bot is published; no group is theirs, so they read no restricted document."""
    async with async_identity_session(engine) as session:
        found = await session.execute(text("SELECT * FROM find_visitor(:token)"), {"token": token_hash(token)})
        row = found.one_or_none()
    if row is None or row.chatbot_id != chatbot_id:
        return None
    return Principal(
        user_id=None,
        api_key_id=None,
        session_id=None,
        organization_id=row.organization_id,
        role=VisitorRole.VISITOR,
        group_ids=frozenset(),
        visitor_id=row.id,
        chatbot_id=row.chatbot_id,
    )


_FIND_KEY = text("SELECT *, groups_of(organization_id, NULL, id) AS group_ids FROM find_api_key(:prefix)")


async def _key_principal(engine: AsyncEngine, token: str) -> Principal | None:
    parts = split_api_key(token)
    if parts is None:
        return None
    prefix, secret = parts
    # It stands before everything that a program asks for: one statement, without the two around a transaction.
    async with engine.connect() as connection:
        row = (await connection.execute(_FIND_KEY, {"prefix": prefix})).one_or_none()
    now = datetime.now(UTC)
    if row is None or not secret_matches(secret, row.secret_hash):
        return None
    if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now):
        return None
    role = Role(row.role)
    return Principal(
        user_id=None,
        api_key_id=row.id,
        session_id=None,
        organization_id=row.organization_id,
        role=role,
        group_ids=_readable(role, row.group_ids),
    )


async def _session_principal(session: AsyncSession, token: str) -> Principal | None:
    now = datetime.now(UTC)
    statement = (
        select(UserSession, User.is_active)
        .join(User, User.id == UserSession.user_id)
        .where(
            UserSession.token_hash == token_hash(token),
            UserSession.revoked_at.is_(None),
            UserSession.expires_at > now,
            User.is_active,
        )
    )
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        return None
    signed_in: UserSession = row[0]
    if signed_in.last_used_at is None or (now - signed_in.last_used_at).total_seconds() > 60:
        await session.execute(update(UserSession).where(UserSession.id == signed_in.id).values(last_used_at=now))
    return Principal(
        user_id=signed_in.user_id,
        api_key_id=None,
        session_id=signed_in.id,
        organization_id=None,
        role=None,
        memberships=await memberships_of(session, signed_in.user_id),
    )


async def memberships_of(session: AsyncSession, user_id: uuid.UUID) -> tuple[Membership, ...]:
    """The organizations of a person, by name."""
    rows = await session.execute(text("SELECT * FROM memberships_of(:user)"), {"user": user_id})
    return tuple(Membership(row.organization_id, row.name, row.slug, Role(row.role)) for row in rows)


def _choose_organization(principal: Principal, wanted: str | None) -> Principal:
    """Apply the organization header. A foreign or unknown organization leaves the principal without one."""
    if principal.api_key_id is not None:
        return principal
    found = [m for m in principal.memberships if wanted in (m.slug, str(m.organization_id))]
    if wanted is None and len(principal.memberships) == 1:
        found = list(principal.memberships)
    if not found:
        return principal
    return replace(principal, organization_id=found[0].organization_id, role=found[0].role)


async def _with_groups(session: AsyncSession, principal: Principal) -> Principal:
    if principal.organization_id is None or principal.role is None:
        return principal
    found = await session.scalar(
        text("SELECT groups_of(:organization, :person, NULL)"),
        {"organization": principal.organization_id, "person": principal.user_id},
    )
    return replace(principal, group_ids=_readable(principal.role, found))


def _readable(role: Role | VisitorRole, groups: Iterable[uuid.UUID] | None) -> frozenset[uuid.UUID] | None:
    """An owner reads every document of the organization; everybody else those of the own groups, and open ones."""
    return None if role is Role.OWNER else frozenset(groups or ())
