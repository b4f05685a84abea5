"""Two organizations with a group each, a restricted and an open document, and people and programs in and out of the group."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from sqlalchemy import Engine

from ingestion.worker import run_until_idle
from serving.accounts.credentials import hash_password
from storage.postgres.models.member import Member, Role
from storage.postgres.models.user import User
from storage.postgres.session import owner_session
from storage.stores import Stores
from tests.integration.conftest import MakeTenant, Tenant, client

OPEN = "# Canteen\n\nThe canteen serves lunch from eleven thirty to two. The menu is posted at the door every Monday."
ROLES = (Role.BUILDER, Role.ANALYST, Role.VIEWER)
PASSWORD = "correct-horse-battery-staple"


@dataclass(frozen=True)
class House:
    """An organization. `secret` is a word that only its restricted document has."""

    tenant: Tenant
    secret: str
    group_id: str
    document_id: str
    file_name: str
    inside: dict[Role, httpx2.Client]
    outside: dict[Role, httpx2.Client]


def restricted_text(secret: str) -> str:
    """A document of some passages, each with the word in it."""
    return (
        f"# Severance {secret}\n\nThe {secret} agreement grants a severance of nine months for every director.\n\n"
        f"# Bonus {secret}\n\nThe {secret} bonus is paid in March and depends on the margin of the year before.\n"
    )


def give(tenant: Tenant, name: str, text: str, *, group_ids: list[str] | None = None) -> Any:
    """Upload as the owner; restricted from its first moment where groups are given."""
    data = {"metadata": json.dumps({"group_ids": group_ids, "tags": ["canary"]})} if group_ids is not None else {}
    response = tenant.owner.post(
        f"/api/v1/knowledge-bases/{tenant.knowledge_base_id}/documents",
        files={"file": (name, text.encode(), "text/markdown")},
        data=data,
    )
    assert response.status_code == 202, response.text
    return response.json()


def sign_in(api_url: str, tenant: Tenant, email: str) -> httpx2.Client:
    """A client with a session of this person."""
    with client(api_url) as anonymous:
        session = anonymous.post("/api/v1/sessions", json={"email": email, "password": PASSWORD})
    assert session.status_code == 201, session.text
    opened = client(api_url, session.json()["token"])
    opened.headers["X-Organization"] = str(tenant.organization.id)
    return opened


def add_person(owner: Engine, tenant: Tenant, role: Role) -> tuple[uuid.UUID, str]:
    """A member with a password: id and e-mail."""
    email = f"{uuid.uuid4().hex[:12]}@example.com"
    with owner_session(owner) as session:
        user = User(email=email, name=f"{role.value} Example", password_hash=hash_password(PASSWORD))
        session.add(user)
        session.flush()
        session.add(Member(organization_id=tenant.organization.id, user_id=user.id, role=role))
        return user.id, email


def build_house(api_url: str, owner: Engine, stores: Stores, tenant: Tenant) -> House:
    """Group, documents, people inside (by session) and programs outside (by key)."""
    secret = f"zq{uuid.uuid4().hex[:10]}"
    group = tenant.owner.post("/api/v1/groups", json={"name": "Board", "slug": "board"})
    assert group.status_code == 201, group.text
    group_id = group.json()["id"]
    file_name = f"{secret}-board.md"
    given = give(tenant, file_name, restricted_text(secret), group_ids=[group_id])
    give(tenant, "canteen.md", OPEN)
    run_until_idle(stores, organization_id=tenant.organization.id)
    inside: dict[Role, httpx2.Client] = {}
    for role in ROLES:
        user_id, email = add_person(owner, tenant, role)
        joined = tenant.owner.post(f"/api/v1/groups/{group_id}/members", json={"user_id": str(user_id)})
        assert joined.status_code == 201, joined.text
        inside[role] = sign_in(api_url, tenant, email)
    outside = {role: tenant.clients[role] for role in ROLES}
    return House(tenant, secret, group_id, given["document_id"], file_name, inside, outside)


@pytest.fixture
def house(api_url: str, owner: Engine, stores: Stores, make_tenant: MakeTenant) -> Iterator[House]:
    """One organization."""
    built = build_house(api_url, owner, stores, make_tenant())
    yield built
    for one in built.inside.values():
        one.close()


@pytest.fixture
def houses(
    house: House, api_url: str, owner: Engine, stores: Stores, make_tenant: MakeTenant
) -> Iterator[tuple[House, House]]:
    """Two of them."""
    second = build_house(api_url, owner, stores, make_tenant())
    yield house, second
    for one in second.inside.values():
        one.close()
