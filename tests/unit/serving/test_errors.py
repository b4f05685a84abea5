"""Tests of how errors are told."""

import json
import re
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy.exc import OperationalError, ProgrammingError

from serving.errors import (
    ApiError,
    NotFoundError,
    TooManyRequestsError,
    UnauthenticatedError,
    UnavailableError,
    install_handlers,
    problem,
)
from storage.errors import DatabaseUnavailableError

SECRET = "SELECT secret FROM users at 0x7f00 in /srv/app/storage/engine.py"
LEAKS = re.compile(r"0x|SELECT|/srv|\.py|sqlalchemy|storage\.|Traceback|psycopg", re.IGNORECASE)


class HiddenError(Exception):
    """What no client may read about."""


@pytest.fixture
def app() -> FastAPI:
    """An application whose routes fail in every way."""
    app = FastAPI()
    install_handlers(app)
    failures: dict[str, Exception] = {
        "unexpected": HiddenError(SECRET),
        "sql": ProgrammingError(SECRET, {"x": SECRET}, HiddenError(SECRET)),
        "gone": OperationalError(SECRET, {}, HiddenError(SECRET)),
        "away": DatabaseUnavailableError(SECRET),
        "slow": TooManyRequestsError("Wait", retry_after_s=0),
        "missing": NotFoundError("No such bot"),
    }

    def fail(name: str) -> None:
        raise failures[name]

    for path in ("/api/v1/fail/{name}", "/v1/fail/{name}"):
        app.add_api_route(path, fail, methods=["GET"])
    app.add_api_route("/api/v1/number/{number}", lambda number: number, methods=["POST"])
    return app


async def get(app: FastAPI, path: str, **more: Any) -> httpx2.Response:
    # The framework hands an unexpected error on to the server after it has answered; the server only logs it.
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://api") as client:
        return await client.get(path, **more)


class TestUnexpectedErrors:
    @pytest.mark.parametrize("name", ["unexpected", "sql"])
    @pytest.mark.parametrize("door", ["/api/v1", "/v1"])
    async def test_leave_as_500_without_details(self, app: FastAPI, door: str, name: str) -> None:
        response = await get(app, f"{door}/fail/{name}")
        assert response.status_code == 500
        assert not LEAKS.search(response.text)
        assert "HiddenError" not in response.text

    async def test_are_a_problem(self, app: FastAPI) -> None:
        response = await get(app, "/api/v1/fail/unexpected")
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json() == {
            "type": "/problems/internal",
            "title": ApiError.title,
            "status": 500,
            "detail": ApiError.title,
        }

    async def test_are_openai_errors_under_v1(self, app: FastAPI) -> None:
        response = await get(app, "/v1/fail/unexpected")
        assert response.headers["content-type"] == "application/json"
        assert response.json()["error"]["type"] == "server_error"


class TestDatabaseErrors:
    @pytest.mark.parametrize("name", ["gone", "away"])
    async def test_are_503_with_when_to_come_back(self, app: FastAPI, name: str) -> None:
        response = await get(app, f"/api/v1/fail/{name}")
        assert response.status_code == 503
        assert int(response.headers["retry-after"]) >= 1
        assert response.json()["type"] == "/problems/unavailable"
        assert not LEAKS.search(response.text)


class TestErrorsOfTheFramework:
    async def test_an_unknown_route_is_a_problem(self, app: FastAPI) -> None:
        response = await get(app, "/api/v1/nothing")
        assert (response.status_code, response.json()["type"]) == (404, "/problems/not-found")

    async def test_a_wrong_method_is_a_problem(self, app: FastAPI) -> None:
        response = await get(app, "/api/v1/number/1")
        assert (response.status_code, response.json()["type"]) == (405, "/problems/method-not-allowed")


class TestProblem:
    @pytest.mark.parametrize(
        ("error", "status", "kind"),
        [
            (UnauthenticatedError(), 401, "authentication_error"),
            (NotFoundError(), 404, "not_found_error"),
            (TooManyRequestsError("Wait", retry_after_s=3), 429, "rate_limit_error"),
            (UnavailableError(), 503, "server_error"),
        ],
    )
    def test_shape_of_each_door(self, error: ApiError, status: int, kind: str) -> None:
        ours, theirs = problem(error, "/api/v1/chatbots"), problem(error, "/v1/models")
        assert (ours.status_code, ours.media_type) == (status, "application/problem+json")
        assert set(json.loads(bytes(ours.body))) == {"type", "title", "status", "detail"}
        told = json.loads(bytes(theirs.body))["error"]
        assert set(told) == {"message", "type", "param", "code"}
        assert (theirs.status_code, told["type"]) == (status, kind)

    def test_names_the_field_for_openai_clients(self) -> None:
        error = ApiError("body.model: missing", errors=[{"field": "body.model", "message": "missing"}])
        assert json.loads(bytes(problem(error, "/v1/chat/completions").body))["error"]["param"] == "body.model"

    def test_a_wait_is_at_least_a_second(self) -> None:
        assert TooManyRequestsError("Wait", retry_after_s=0).headers["Retry-After"] == "1"

    def test_a_missing_credential_says_how(self) -> None:
        assert problem(UnauthenticatedError(), "/api/v1/x").headers["www-authenticate"] == "Bearer"
