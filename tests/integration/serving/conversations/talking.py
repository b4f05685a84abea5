"""A conversation over HTTP, for tests."""

from typing import Any

from storage.postgres.models.member import Role
from tests.integration.conftest import Tenant


def say(tenant: Tenant, conversation_id: str, text: str, *, role: Role = Role.VIEWER) -> Any:
    """Ask, and the whole answer."""
    path = f"/api/v1/conversations/{conversation_id}/messages"
    response = tenant.clients[role].post(path, json={"content": text})
    assert response.status_code == 200, response.text
    return response.json()


def turns(tenant: Tenant, conversation_id: str, *, branch: str = "active", role: Role = Role.VIEWER) -> list[Any]:
    """The turns of a conversation."""
    path = f"/api/v1/conversations/{conversation_id}/messages"
    response = tenant.clients[role].get(path, params={"branch": branch})
    assert response.status_code == 200, response.text
    return list(response.json())


def configure(tenant: Tenant, **changes: Any) -> None:
    """Change the tenant's bot."""
    response = tenant.owner.patch(f"/api/v1/chatbots/{tenant.chatbot_id}", json=changes)
    assert response.status_code == 200, response.text
