"""A real API on a loopback port, and organizations with keys and documents to use it with."""

import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
import uvicorn
from sqlalchemy import Engine

from ingestion.embedding.embedder import default_embedder
from ingestion.worker import run_until_idle
from serving.accounts.bootstrap import issue_api_key
from serving.app import create_app
from serving.bots.bootstrap import create_default_bot
from serving.settings import ServingSettings
from storage.postgres.models.member import Role
from storage.postgres.models.organization import Organization
from storage.settings import StorageSettings
from storage.stores import Stores, open_stores
from tests.factories.accounts import make_organization

POLICY = """# Returns

You may send back any machine within 45 days of delivery. Return shipping is free for members of the Green Club.

# Warranty

The Model K2 grinder carries a warranty of 36 months. The Model K5 grinder carries a warranty of 60 months.
"""


@contextmanager
def running_api(settings: StorageSettings) -> Iterator[str]:
    """An API of its own on a free port; its address."""
    # Exporting the model imports PyTorch, which must not meet the test runner's filter of warnings on another thread.
    default_embedder().embed(["ready"])
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = create_app(
        settings, ServingSettings(_env_file=None, sign_in_attempts=5, visitors_per_address=10_000, max_upload_mb=2)
    )
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, lifespan="on"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 60
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.05)
    # Tracing the embedding model silences warnings for the whole process, and the filters of each test undo that.
    for one in threading.enumerate():
        if one.name == "warm-up":
            one.join(timeout=60)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=20)


@pytest.fixture(scope="session")
def api_url(settings: StorageSettings) -> Iterator[str]:
    """Address of a running API."""
    with running_api(settings) as url:
        yield url


@pytest.fixture(scope="session")
def stores(settings: StorageSettings) -> Iterator[Stores]:
    """The stores that the API uses too."""
    opened = open_stores(settings)
    yield opened
    opened.close()


@dataclass(frozen=True)
class Tenant:
    """An organization with one client per role, a knowledge base and a bot."""

    organization: Organization
    keys: dict[Role, str]
    clients: dict[Role, httpx2.Client]
    knowledge_base_id: str
    chatbot_id: str

    @property
    def owner(self) -> httpx2.Client:
        return self.clients[Role.OWNER]

    @property
    def viewer(self) -> httpx2.Client:
        return self.clients[Role.VIEWER]


MakeTenant = Callable[[], Tenant]


@pytest.fixture
def make_tenant(api_url: str, owner: Engine) -> Iterator[MakeTenant]:
    """Makes tenants whose clients are closed at the end."""
    opened: list[httpx2.Client] = []

    def make() -> Tenant:
        organization = make_organization(owner)
        create_default_bot(owner, organization.id, knowledge_base="default", slug="assistant")
        keys = {role: issue_api_key(owner, organization.id, name=role.value, role=role) for role in Role}
        clients = {role: client(api_url, key) for role, key in keys.items()}
        opened.extend(clients.values())
        first = clients[Role.OWNER]
        return Tenant(
            organization,
            keys,
            clients,
            first.get("/api/v1/knowledge-bases").json()[0]["id"],
            first.get("/api/v1/chatbots").json()[0]["id"],
        )

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def tenant(make_tenant: MakeTenant) -> Tenant:
    """One tenant."""
    return make_tenant()


@pytest.fixture
def informed(tenant: Tenant, stores: Stores) -> Tenant:
    """A tenant whose knowledge base has a policy in it."""
    upload(tenant, "policy.md", POLICY.encode())
    run_until_idle(stores, organization_id=tenant.organization.id)
    return tenant


def client(url: str, key: str | None = None) -> httpx2.Client:
    """A client with a credential."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx2.Client(base_url=url, headers=headers, timeout=60)


def upload(tenant: Tenant, name: str, data: bytes) -> Any:
    """Upload a file as the owner."""
    response = tenant.owner.post(
        f"/api/v1/knowledge-bases/{tenant.knowledge_base_id}/documents", files={"file": (name, data, "text/markdown")}
    )
    assert response.status_code == 202, response.text
    return response.json()


def start_conversation(tenant: Tenant, *, role: Role = Role.OWNER) -> str:
    """A fresh conversation; its id."""
    response = tenant.clients[role].post("/api/v1/conversations", json={"chatbot_id": tenant.chatbot_id})
    assert response.status_code == 201, response.text
    return str(uuid.UUID(response.json()["id"]))


def publish(tenant: Tenant, **changes: Any) -> None:
    """Publish the tenant's bot to anyone."""
    response = tenant.owner.patch(f"/api/v1/chatbots/{tenant.chatbot_id}", json={"access": "anyone", **changes})
    assert response.status_code == 200, response.text


@contextmanager
def visit(url: str, chatbot_id: str) -> Iterator[httpx2.Client]:
    """A browser that has begun a visit of a bot, as the chat page does."""
    with client(url) as visitor:
        visitor.headers.update({"X-Pixel-Page": "1", "X-Pixel-Bot": chatbot_id})
        begun = visitor.post(f"/chat/{chatbot_id}/visitor")
        assert begun.status_code == 204, begun.text
        yield visitor


def ask(tenant: Tenant, question: str, *, role: Role = Role.OWNER) -> Any:
    """A whole answer."""
    conversation = start_conversation(tenant, role=role)
    response = tenant.clients[role].post(f"/api/v1/conversations/{conversation}/messages", json={"content": question})
    assert response.status_code == 200, response.text
    return response.json()
