"""Errors of the API and how they are told: `application/problem+json`, or OpenAI's error object under `/v1`."""

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.types import Scope

from storage.errors import DatabaseUnavailableError

log = logging.getLogger(__name__)

_NO_DATABASE = "The database does not answer; try again in a moment"
DATABASE_ERRORS = (OperationalError, InterfaceError, PoolTimeoutError, DatabaseUnavailableError)


class ApiError(Exception):
    """An error with a status code and a stable type."""

    status = 500
    slug = "internal"
    title = "Something went wrong on our side"

    def __init__(self, detail: str | None = None, *, headers: dict[str, str] | None = None, **extra: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.headers = headers or {}
        self.extra = extra


class UnauthenticatedError(ApiError):
    """No credential, or one that does not hold."""

    status = 401
    slug = "unauthenticated"
    title = "Sign in, or send an API key as `Authorization: Bearer …`"

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer"})


class ForbiddenError(ApiError):
    """The role may not do this."""

    status = 403
    slug = "forbidden"
    title = "Your role does not allow this"


class NotFoundError(ApiError):
    """Unknown id, or one of another organization: the two look the same."""

    status = 404
    slug = "not-found"
    title = "Not found"


class ConflictError(ApiError):
    """The request contradicts what is stored."""

    status = 409
    slug = "conflict"
    title = "Conflict"


class BadRequestError(ApiError):
    """Well-formed, but it cannot be done as asked."""

    status = 400
    slug = "bad-request"
    title = "Bad request"


class TooLargeError(ApiError):
    """The body is larger than the limit."""

    status = 413
    slug = "too-large"
    title = "The body is too large"


class TooManyRequestsError(ApiError):
    """Slow down."""

    status = 429
    slug = "too-many-requests"
    title = "Too many requests"

    def __init__(self, detail: str, *, retry_after_s: int) -> None:
        super().__init__(detail, headers={"Retry-After": str(max(1, retry_after_s))})


class UnavailableError(ApiError):
    """A part that is needed does not answer; trying again later may help."""

    status = 503
    slug = "unavailable"
    title = "A part of the service is not available right now; try again in a moment"

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"Retry-After": "2"})


_OPENAI_TYPES = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}


def problem(error: ApiError, path: str) -> Response:
    """The response for an error, in the shape that clients of `path` expect."""
    if path.startswith("/v1/"):
        kind = _OPENAI_TYPES.get(error.status, "server_error" if error.status >= 500 else "invalid_request_error")
        fields = error.extra.get("errors") or [{}]
        body: dict[str, Any] = {
            "error": {
                "message": error.detail,
                "type": kind,
                "param": fields[0].get("field"),
                "code": error.slug.replace("-", "_"),
            }
        }
        return JSONResponse(body, error.status, headers=error.headers)
    body = {
        "type": f"/problems/{error.slug}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        **error.extra,
    }
    return JSONResponse(body, error.status, headers=error.headers, media_type="application/problem+json")


_SLUGS = {
    404: "not-found", 405: "method-not-allowed", 408: "too-slow", 413: "too-large", 429: "too-many-requests",
}  # fmt: skip


class _StatusError(ApiError):
    """An error of the framework, or of a body that is being read (unknown route, wrong method, too large, too slow)."""

    def __init__(self, error: HTTPException) -> None:
        self.status = error.status_code
        self.slug = _SLUGS.get(error.status_code, "http")
        self.title = str(error.detail)
        super().__init__(str(error.detail), headers=dict(error.headers or {}))


class InvalidError(ApiError):
    """The body, query or path does not have the shape that the route expects."""

    status = 422
    slug = "invalid"
    title = "The request is not in the shape that this route expects"


def _fields(error: RequestValidationError) -> list[dict[str, str]]:
    # The input itself is never echoed: it may hold a secret.
    named = []
    for item in error.errors():
        place = item["loc"]
        if item["type"] == "json_invalid":
            place = place[:1]
        named.append({"field": ".".join(str(part) for part in place), "message": str(item["msg"])})
    return named


def install_handlers(app: FastAPI) -> None:
    """Register the handlers: no error leaves as HTML or with a trace."""

    @app.exception_handler(ApiError)
    async def _api_error(request: Request, error: ApiError) -> Response:
        return problem(error, request.url.path)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        fields = _fields(error)
        first = fields[0]
        return problem(InvalidError(f"{first['field']}: {first['message']}", errors=fields), request.url.path)

    @app.exception_handler(HTTPException)
    async def _framework(request: Request, error: HTTPException) -> Response:
        if error.status_code == 400 and request.method in ("POST", "PUT", "PATCH"):
            # The framework's own word for a body that is neither JSON nor a form, or is nested too deep to be read.
            fields = [{"field": "body", "message": str(error.detail)}]
            return problem(InvalidError(f"body: {error.detail}", errors=fields), request.url.path)
        return problem(_StatusError(error), request.url.path)

    for kind in DATABASE_ERRORS:

        @app.exception_handler(kind)
        async def _database(request: Request, error: Exception) -> Response:
            return database_problem(error, request.scope)

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> Response:
        log.error("request_failed", exc_info=error, extra={"path": request.url.path})
        return problem(ApiError(), request.url.path)


def as_api_error(error: Exception) -> ApiError:
    """What a client is told of an error after the first byte of a stream, when no handler can answer any more."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, DATABASE_ERRORS):
        return UnavailableError(_NO_DATABASE)
    log.error("stream_failed", exc_info=error)
    return ApiError()


def database_problem(error: Exception, scope: Scope) -> Response:
    """503 for a database that cannot be reached."""
    log.warning("database_unavailable", extra={"path": scope["path"], "error": type(error).__name__})
    return problem(UnavailableError(_NO_DATABASE), scope["path"])
