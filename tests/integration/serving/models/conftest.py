"""A model server for the API to call, and what a test makes of it."""

from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.serving.upstreams.server import Upstream
from storage.postgres.models.model_connection import ModelProvider
from tests.factories.model_servers import KEY, QUICK, served
from tests.integration.conftest import Tenant


@pytest.fixture
def vllm() -> Iterator[Upstream]:
    """A server that speaks OpenAI's protocol."""
    with served(ModelProvider.VLLM) as server:
        yield server


def connect(tenant: Tenant, server: Upstream, *, name: str = "gpu", **more: Any) -> Any:
    """A connection to a server."""
    body = {
        "name": name,
        "provider": "vllm",
        "base_url": f"{server.url}/v1",
        "key": KEY,
        "limits": QUICK.model_dump(),
        **more,
    }
    response = tenant.owner.post("/api/v1/model-connections", json=body)
    assert response.status_code == 201, response.text
    return response.json()


def add_model(tenant: Tenant, connection: Any, *, name: str = "fake-1", **more: Any) -> Any:
    """A model of a connection."""
    body = {"connection_id": connection["id"], "name": name, **more}
    response = tenant.owner.post("/api/v1/models", json=body)
    assert response.status_code == 201, response.text
    return response.json()


def route(tenant: Tenant, *models: Any, **routing: Any) -> Any:
    """Make the tenant's bot answer with these models."""
    candidates = [{"model_id": model["id"], "parameters": {}} for model in models]
    response = tenant.owner.patch(
        f"/api/v1/chatbots/{tenant.chatbot_id}", json={"routing": {"candidates": candidates, **routing}}
    )
    assert response.status_code == 200, response.text
    return response.json()
