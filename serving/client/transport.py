"""How the client sends requests and reads answers."""

from types import TracebackType
from typing import Any, Self, TypeVar

import httpx2
from pydantic import BaseModel, TypeAdapter

from serving.client.errors import ClientError

Model = TypeVar("Model", bound=BaseModel)


class Transport:
    """Talks to one API as one person or program. Use it as a context manager, or close it."""

    def __init__(
        self,
        base_url: str,
        *,
        token: str | None = None,
        organization: str | None = None,
        transport: httpx2.BaseTransport | None = None,
        timeout_s: float = 60,
    ) -> None:
        headers = {}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if organization:
            headers["X-Organization"] = organization
        self._http = httpx2.Client(base_url=base_url, headers=headers, timeout=timeout_s, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def _one(self, model: type[Model], method: str, path: str, **options: Any) -> Model:
        return model.model_validate(self._send(method, path, **options).json())

    def _many(self, model: type[Model], path: str, **options: Any) -> list[Model]:
        return TypeAdapter(list[model]).validate_python(self._send("GET", path, **options).json())  # type: ignore[valid-type]

    def _send(self, method: str, path: str, **options: Any) -> httpx2.Response:
        try:
            response = self._http.request(method, path, **options)
        except httpx2.TransportError as error:
            raise unreachable(error) from error
        if response.is_error:
            raise error_of(response)
        return response


def unreachable(error: Exception) -> ClientError:
    """What is told when no answer came."""
    return ClientError(f"The API cannot be reached ({type(error).__name__}); is it running? `pixel status` tells")


def error_of(response: httpx2.Response) -> ClientError:
    """What is told of an answer that is an error."""
    try:
        body = response.json()
        return ClientError(
            str(body.get("detail") or body.get("title")),
            status=response.status_code,
            slug=str(body.get("type", "")).removeprefix("/problems/"),
        )
    except ValueError:
        return ClientError(f"The API answered {response.status_code}", status=response.status_code)
