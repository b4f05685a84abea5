"""Sign-in, members and keys over HTTP."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine, select, text

from serving.accounts.bootstrap import create_first_owner, first_organization
from storage.postgres.models.audit_event import AuditEvent
from storage.postgres.models.member import Role
from storage.postgres.session import organization_session, owner_session
from tests.integration.conftest import Tenant, client

PASSWORD = "correct horse battery"


def add_member(tenant: Tenant, *, role: str = "builder", email: str | None = None) -> Any:
    body = {
        "email": email or f"{uuid.uuid4().hex[:10]}@example.com",
        "name": "Ada Example",
        "role": role,
        "password": PASSWORD,
    }
    response = tenant.owner.post("/api/v1/members", json=body)
    assert response.status_code == 201, response.text
    return response.json()


def sign_in(api_url: str, email: str, password: str = PASSWORD) -> Any:
    with client(api_url) as anonymous:
        return anonymous.post("/api/v1/sessions", json={"email": email, "password": password})


class TestSignIn:
    def test_a_session_acts_with_the_members_role(self, api_url: str, tenant: Tenant) -> None:
        member = add_member(tenant, role="analyst")
        session = sign_in(api_url, member["email"].upper()).json()
        with client(api_url, session["token"]) as person:
            me = person.get("/api/v1/me").json()
            assert (me["role"], me["organization_id"]) == ("analyst", str(tenant.organization.id))
            assert me["name"] == member["name"]
            assert person.post("/api/v1/chatbots", json={"name": "x", "slug": "x"}).status_code == 403

    def test_wrong_password_and_unknown_account_look_the_same(self, api_url: str, tenant: Tenant) -> None:
        member = add_member(tenant)
        wrong = sign_in(api_url, member["email"], "not the password")
        unknown = sign_in(api_url, f"{uuid.uuid4().hex}@example.com")
        assert (wrong.status_code, wrong.json()) == (401, unknown.json())

    def test_the_limit_holds_also_for_guesses_at_once(self, api_url: str, tenant: Tenant) -> None:
        member = add_member(tenant)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda n: sign_in(api_url, member["email"], f"guess {n}").status_code, range(12)))
        assert (answers.count(401), answers.count(429)) == (5, 7)
        locked = sign_in(api_url, member["email"])
        assert locked.status_code == 429
        assert int(locked.headers["retry-after"]) > 0

    def test_a_forwarded_address_changes_nothing(self, api_url: str, tenant: Tenant) -> None:
        member = add_member(tenant)
        answers = []
        for n in range(7):
            headers = {"X-Forwarded-For": f"10.0.0.{n}", "X-Real-IP": f"10.0.0.{n}", "Forwarded": f"for=10.0.0.{n}"}
            with client(api_url) as anonymous:
                body = {"email": member["email"], "password": "guess"}
                answers.append(anonymous.post("/api/v1/sessions", json=body, headers=headers).status_code)
        assert answers == [401] * 5 + [429] * 2

    def test_a_success_gives_the_attempts_back(self, api_url: str, tenant: Tenant) -> None:
        member = add_member(tenant)
        for _ in range(3):
            assert [sign_in(api_url, member["email"], "no").status_code for _ in range(4)] == [401] * 4
            assert sign_in(api_url, member["email"]).status_code == 201

    @pytest.mark.parametrize("body", [{}, {"email": None, "password": None}, {"email": [], "password": {}}, []])
    def test_an_empty_credential_is_malformed(self, api_url: str, body: Any) -> None:
        with client(api_url) as anonymous:
            assert anonymous.post("/api/v1/sessions", json=body).status_code == 422

    def test_sign_out_ends_the_session_everywhere(self, api_url: str, tenant: Tenant) -> None:
        token = sign_in(api_url, add_member(tenant)["email"]).json()["token"]
        with client(api_url, token) as person:
            assert person.delete("/api/v1/sessions/current").status_code == 204
            assert person.get("/api/v1/me").status_code == 401

    def test_a_key_has_no_session_to_end(self, tenant: Tenant) -> None:
        assert tenant.owner.delete("/api/v1/sessions/current").status_code == 400

    def test_only_a_hash_of_the_token_is_kept(self, api_url: str, tenant: Tenant, owner: Engine) -> None:
        token = sign_in(api_url, add_member(tenant)["email"]).json()["token"]
        with owner_session(owner) as session:
            stored = session.scalars(text("SELECT token_hash FROM user_sessions")).all()
        assert token.encode() not in stored
        assert all(len(value) == 32 for value in stored)


class TestMembers:
    def test_a_changed_role_holds_from_the_next_request(self, api_url: str, tenant: Tenant) -> None:
        member = add_member(tenant, role="builder")
        token = sign_in(api_url, member["email"]).json()["token"]
        with client(api_url, token) as person:
            assert person.post("/api/v1/chatbots", json={"name": "x", "slug": "mine"}).status_code == 201
            tenant.owner.patch(f"/api/v1/members/{member['id']}", json={"role": "viewer"})
            assert person.post("/api/v1/chatbots", json={"name": "y", "slug": "other"}).status_code == 403
            tenant.owner.patch(f"/api/v1/members/{member['id']}", json={"is_active": False})
            assert person.get("/api/v1/chatbots").status_code == 400

    def test_the_last_owner_stays(self, tenant: Tenant) -> None:
        member = add_member(tenant, role="owner")
        response = tenant.owner.patch(f"/api/v1/members/{member['id']}", json={"role": "viewer"})
        assert (response.status_code, response.json()["type"]) == (409, "/problems/last-owner")

    def test_nobody_joins_twice(self, tenant: Tenant) -> None:
        member = add_member(tenant)
        again = tenant.owner.post("/api/v1/members", json={"email": member["email"], "name": "Ada", "role": "viewer"})
        assert again.status_code == 409

    def test_an_unknown_person_needs_a_password(self, tenant: Tenant) -> None:
        body = {"email": f"{uuid.uuid4().hex}@example.com", "name": "Ada", "role": "viewer"}
        response = tenant.owner.post("/api/v1/members", json=body)
        assert response.status_code == 400
        assert "password" in response.json()["detail"]

    def test_an_unknown_member_is_a_404(self, tenant: Tenant) -> None:
        assert tenant.owner.patch(f"/api/v1/members/{uuid.uuid4()}", json={}).status_code == 404

    def test_changes_are_in_the_audit_log(self, tenant: Tenant, app: Engine) -> None:
        member = add_member(tenant, role="agent")
        with organization_session(app, tenant.organization.id) as session:
            event = session.scalars(select(AuditEvent).where(AuditEvent.action == "member.added")).one()
        assert (event.subject_id, event.details) == (uuid.UUID(member["id"]), {"role": "agent"})
        assert event.api_key_id is not None


class TestOrganizations:
    def test_a_person_of_two_says_which(self, api_url: str, tenant: Tenant) -> None:
        token = sign_in(api_url, add_member(tenant)["email"]).json()["token"]
        slug = f"second-{uuid.uuid4().hex[:8]}"
        with client(api_url, token) as person:
            assert person.post("/api/v1/organizations", json={"name": "Second", "slug": slug}).status_code == 201
            unsaid = person.get("/api/v1/chatbots")
            assert unsaid.status_code == 400
            assert slug in unsaid.json()["detail"]
            chosen = person.get("/api/v1/organizations/current", headers={"X-Organization": slug})
            assert (chosen.status_code, chosen.json()["name"]) == (200, "Second")
            foreign = person.get("/api/v1/chatbots", headers={"X-Organization": "somebody-else"})
            assert foreign.status_code == 400

    def test_a_taken_slug_is_a_conflict(self, api_url: str, tenant: Tenant) -> None:
        token = sign_in(api_url, add_member(tenant)["email"]).json()["token"]
        with client(api_url, token) as person:
            response = person.post("/api/v1/organizations", json={"name": "x", "slug": tenant.organization.slug})
        assert (response.status_code, response.json()["type"]) == (409, "/problems/slug-taken")

    def test_a_program_founds_none(self, tenant: Tenant) -> None:
        response = tenant.owner.post("/api/v1/organizations", json={"name": "x", "slug": uuid.uuid4().hex})
        assert response.status_code == 400

    def test_the_owner_renames_it(self, tenant: Tenant) -> None:
        response = tenant.owner.patch("/api/v1/organizations/current", json={"name": "Renamed"})
        assert response.json()["name"] == "Renamed"


class TestApiKeys:
    def test_a_key_is_shown_once_and_revoked_at_once(self, api_url: str, tenant: Tenant) -> None:
        made = tenant.owner.post("/api/v1/api-keys", json={"name": "ci", "role": "viewer"}).json()
        listed = tenant.owner.get("/api/v1/api-keys")
        assert made["key"] not in listed.text
        with client(api_url, made["key"]) as program:
            me = program.get("/api/v1/me").json()
            assert (me["role"], me["name"]) == ("viewer", None)
            assert tenant.owner.delete(f"/api/v1/api-keys/{made['id']}").status_code == 204
            assert program.get("/api/v1/me").status_code == 401

    def test_an_expired_key_is_refused(self, api_url: str, tenant: Tenant) -> None:
        body = {"name": "old", "role": "viewer", "expires_at": "2020-01-01T00:00:00Z"}
        made = tenant.owner.post("/api/v1/api-keys", json=body).json()
        with client(api_url, made["key"]) as program:
            assert program.get("/api/v1/me").status_code == 401

    def test_an_unknown_key_is_a_404(self, tenant: Tenant) -> None:
        assert tenant.owner.delete(f"/api/v1/api-keys/{uuid.uuid4()}").status_code == 404


class TestFirstOwner:
    def test_a_second_founding_is_refused(self, owner: Engine, tenant: Tenant) -> None:
        assert first_organization(owner) is not None
        assert create_first_owner(owner, name="x", slug="x", email="x@example.com") is None


class TestEveryRole:
    def test_keys_of_each_role_know_themselves(self, tenant: Tenant) -> None:
        assert {role: tenant.clients[role].get("/api/v1/me").json()["role"] for role in Role} == {
            role: role.value for role in Role
        }
