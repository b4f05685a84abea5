"""A model server for the API to call, and what a test makes of it."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.serving.upstreams.server import Upstream
from storage.postgres.models.model_connection import ModelProvider
from tests.factories.model_servers import KEY, QUICK, served
from tests.integration.conftest import Tenant, start_conversation


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


def stopped_answer(tenant: Tenant, server: Upstream, question: str, *, calls: int = 1) -> str:
    """Ask, and stop the answer when so many calls of the server have begun to speak; the id of its message."""
    path, message_id = f"/api/v1/conversations/{start_conversation(tenant)}/messages", ""
    with tenant.owner.stream("POST", path, json={"content": question, "stream": True}) as response:
        for line in response.iter_lines():
            if message_id or not line.startswith("data: "):
                continue
            message_id = json.loads(line[6:])["message_id"]
            deadline = time.monotonic() + 10
            while sum(one.method == "POST" for one in server.received) < calls and time.monotonic() < deadline:
                time.sleep(0.02)
            time.sleep(0.3)
            tenant.owner.post(f"/api/v1/messages/{message_id}/stop")
    return message_id
