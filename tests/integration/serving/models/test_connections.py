"""Model connections over the API: who may, what is kept, and what never comes out."""

import uuid

import pytest
from sqlalchemy import Engine, text, update

from benchmarks.serving.upstreams.faults import Behaviour, Fault
from benchmarks.serving.upstreams.server import Upstream
from storage.postgres.models.member import Role
from storage.postgres.models.model_connection import ModelConnection
from storage.postgres.session import owner_session
from tests.factories.model_servers import KEY
from tests.integration.conftest import MakeTenant, Tenant
from tests.integration.serving.models.conftest import add_model, connect, route

PATH = "/api/v1/model-connections"


class TestKeys:
    def test_a_key_goes_in_and_never_comes_out(self, tenant: Tenant, vllm: Upstream, owner: Engine) -> None:
        made = connect(tenant, vllm)
        shown = [
            tenant.owner.get(PATH).text,
            tenant.owner.get(f"{PATH}/{made['id']}").text,
            tenant.owner.patch(f"{PATH}/{made['id']}", json={"name": "other"}).text,
            tenant.owner.post(f"{PATH}/{made['id']}/check").text,
            str(made),
        ]
        assert all(KEY not in body for body in shown)
        assert made["has_key"] is True
        with owner.connect() as connection:
            tables = ("model_connections", "data_keys", "audit")
            stored = [str(row) for t in tables for row in connection.execute(text("SELECT * FROM " + t)).all()]  # noqa: S608
        assert not any(KEY in row for row in stored)

    def test_the_provider_gets_it(self, tenant: Tenant, vllm: Upstream) -> None:
        made = connect(tenant, vllm)
        assert tenant.owner.post(f"{PATH}/{made['id']}/check").json()["is_ok"] is True
        assert vllm.received[0].headers["authorization"] == f"Bearer {KEY}"

    @pytest.mark.parametrize("change", ["host", "port", "scheme"])
    def test_another_host_never_gets_it(self, tenant: Tenant, vllm: Upstream, change: str) -> None:
        made = connect(tenant, vllm)
        other = {
            "host": f"http://localhost:{vllm.port}/v1",
            "port": f"http://127.0.0.1:{vllm.port + 1}/v1",
            "scheme": f"https://127.0.0.1:{vllm.port}/v1",
        }[change]
        changed = tenant.owner.patch(f"{PATH}/{made['id']}", json={"base_url": other})
        assert (changed.status_code, changed.json()["has_key"]) == (200, False)
        tenant.owner.post(f"{PATH}/{made['id']}/check")
        assert all("authorization" not in received.headers for received in vllm.received)

    def test_another_path_keeps_it_and_a_new_key_may_come_along(self, tenant: Tenant, vllm: Upstream) -> None:
        made = connect(tenant, vllm)
        path = tenant.owner.patch(f"{PATH}/{made['id']}", json={"base_url": f"{vllm.url}/other"})
        assert path.json()["has_key"] is True
        moved = {"base_url": f"http://localhost:{vllm.port}/v1", "key": "sk-new"}
        assert tenant.owner.patch(f"{PATH}/{made['id']}", json=moved).json()["has_key"] is True
        tenant.owner.post(f"{PATH}/{made['id']}/check")
        assert vllm.received[-1].headers["authorization"] == "Bearer sk-new"
        assert tenant.owner.patch(f"{PATH}/{made['id']}", json={"key": None}).json()["has_key"] is False

    def test_two_swapped_ciphertexts_do_not_open(
        self, tenant: Tenant, make_tenant: MakeTenant, vllm: Upstream, owner: Engine
    ) -> None:
        other = make_tenant()
        mine, second, theirs = connect(tenant, vllm), connect(tenant, vllm, name="b"), connect(other, vllm)
        with owner_session(owner) as session:
            rows = {str(row.id): row.sealed_key for row in session.query(ModelConnection)}
            for to, source in ((mine, second), (second, theirs), (theirs, mine)):
                statement = update(ModelConnection).where(ModelConnection.id == uuid.UUID(to["id"]))
                session.execute(statement.values(sealed_key=rows[source["id"]]))
        for who, made in ((tenant, mine), (tenant, second), (other, theirs)):
            response = who.owner.post(f"{PATH}/{made['id']}/check")
            assert response.status_code == 409, response.text
            assert "Enter it again" in response.json()["detail"]
        assert vllm.received == []


class TestAddresses:
    @pytest.mark.parametrize(
        ("provider", "base_url"),
        [
            ("openai", "https://api.openai.com.attacker.example/v1"),
            ("openai", "http://api.openai.com/v1"),
            ("openai", "https://api.openai.com:8443/v1"),
            ("openai", "https://api.openai.com@attacker.example/v1"),
            ("openai", "https://attacker.example/v1"),
            ("anthropic", "https://api.openai.com/v1"),
            ("google", "https://169.254.169.254/"),
            ("vllm", "http://169.254.169.254/latest/meta-data"),
            ("vllm", "http://10.0.0.1:8000/v1"),
            ("vllm", "http://[::ffff:10.0.0.1]/v1"),
            ("vllm", "http://2130706433/v1"),
            ("vllm", "http://0x7f000001/v1"),
            ("vllm", "http://127.1/v1"),
            ("vllm", "http://127.0.0.1\\@attacker.example/v1"),
            ("vllm", "http://user:pw@127.0.0.1/v1"),
            ("vllm", "http://127.0.0.1.nip.io/v1"),
            ("vllm", "http://127.0.0.1/v1?x=http://a"),
            ("vllm", "http://127.0.0.1/v1#x"),
            ("vllm", "file:///etc/passwd"),
            ("vllm", "gopher://127.0.0.1/"),
            ("vllm", "http://1２7.0.0.2/v1"),
            ("ollama", "http://ollama.intern:11434/v1"),
            ("ollama", "http://[fe80::1%25eth0]:11434/v1"),
        ],
    )
    def test_it_is_refused(self, tenant: Tenant, provider: str, base_url: str) -> None:
        body = {"name": "x", "provider": provider, "base_url": base_url, "key": KEY}
        response = tenant.owner.post(PATH, json=body)
        assert response.status_code == 400, response.text
        assert response.json()["type"] == "/problems/connection-address"
        assert tenant.owner.get(PATH).json() == []

    @pytest.mark.parametrize("provider", ["openai", "anthropic", "google", "ollama"])
    def test_a_provider_has_an_address_of_its_own(self, tenant: Tenant, provider: str) -> None:
        made = tenant.owner.post(PATH, json={"name": provider, "provider": provider})
        assert made.status_code == 201
        assert made.json()["base_url"].startswith("http")

    def test_vllm_needs_one(self, tenant: Tenant) -> None:
        assert tenant.owner.post(PATH, json={"name": "x", "provider": "vllm"}).status_code == 400


class TestCheck:
    def test_it_lists_models_and_keeps_the_time(self, tenant: Tenant, vllm: Upstream) -> None:
        made = connect(tenant, vllm)
        found = tenant.owner.post(f"{PATH}/{made['id']}/check").json()
        assert (found["is_ok"], found["models"], found["error_kind"]) == (True, ["fake-1"], None)
        shown = tenant.owner.get(f"{PATH}/{made['id']}").json()
        assert shown["last_checked_at"] is not None
        assert shown["last_error"] is None

    def test_a_revoked_key_is_told_by_its_kind(self, tenant: Tenant, vllm: Upstream) -> None:
        vllm.behave(Behaviour(Fault.BAD_KEY))
        made = connect(tenant, vllm)
        found = tenant.owner.post(f"{PATH}/{made['id']}/check").json()
        assert (found["is_ok"], found["error_kind"]) == (False, "unauthenticated")
        assert "new one" in tenant.owner.get(f"{PATH}/{made['id']}").json()["last_error"]


class TestRules:
    def test_names_are_unique_in_an_organization(self, tenant: Tenant, make_tenant: MakeTenant, vllm: Upstream) -> None:
        connect(tenant, vllm)
        again = tenant.owner.post(PATH, json={"name": "gpu", "provider": "ollama"})
        assert (again.status_code, again.json()["type"]) == (409, "/problems/name-taken")
        connect(make_tenant(), vllm)

    @pytest.mark.parametrize("field", ["organization_id", "id", "created_by", "sealed_key", "has_key"])
    def test_nothing_else_can_be_sent_along(self, tenant: Tenant, field: str) -> None:
        body = {"name": "x", "provider": "ollama", field: str(uuid.uuid4())}
        assert tenant.owner.post(PATH, json=body).status_code == 422

    def test_a_provider_cannot_be_changed(self, tenant: Tenant, vllm: Upstream) -> None:
        made = connect(tenant, vllm)
        assert tenant.owner.patch(f"{PATH}/{made['id']}", json={"provider": "openai"}).status_code == 422

    def test_an_error_in_the_body_does_not_repeat_the_key(self, tenant: Tenant) -> None:
        response = tenant.owner.post(PATH, json={"name": "x", "provider": "nobody", "key": KEY})
        assert response.status_code == 422
        assert KEY not in response.text

    def test_one_whose_models_answer_is_not_removed(self, tenant: Tenant, vllm: Upstream) -> None:
        made = connect(tenant, vllm)
        route(tenant, add_model(tenant, made))
        refused = tenant.owner.delete(f"{PATH}/{made['id']}")
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/model-in-use")
        route(tenant)
        assert tenant.owner.delete(f"{PATH}/{made['id']}").status_code == 204
        assert tenant.owner.get("/api/v1/models").json() == []

    def test_only_owners_manage_them_and_builders_read_models(self, tenant: Tenant, vllm: Upstream) -> None:
        made = connect(tenant, vllm)
        for role, sender in tenant.clients.items():
            assert (sender.get(PATH).status_code == 200) == (role is Role.OWNER)
            assert (sender.get(f"{PATH}/{made['id']}").status_code == 200) == (role is Role.OWNER)
            assert (sender.get("/api/v1/models").status_code == 200) == (role in (Role.OWNER, Role.BUILDER))
            if role is not Role.OWNER:
                assert sender.post("/api/v1/models", json={}).status_code in (403, 422)
                assert sender.post(f"{PATH}/{made['id']}/check").status_code == 403
