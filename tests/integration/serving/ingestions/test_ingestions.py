"""Tests of the ingestion routes over HTTP."""

import json
import uuid
from typing import Any

from ingestion.worker import run_until_idle
from storage.postgres.models.member import Role
from storage.stores import Stores
from tests.integration.conftest import MakeTenant, Tenant, client


def base_id(tenant: Tenant) -> str:
    return str(tenant.knowledge_base_id)


def give(tenant: Tenant, name: str, data: bytes, **form: str) -> Any:
    url = f"/api/v1/knowledge-bases/{base_id(tenant)}/documents"
    return tenant.owner.post(url, files={"file": (name, data)}, data=form)


def begin(tenant: Tenant, **more: object) -> Any:
    body = {"knowledge_base_id": base_id(tenant), "name": "Handbooks", **more}
    return tenant.owner.post("/api/v1/ingestions", json=body)


def events(tenant: Tenant, ingestion_id: str) -> list[tuple[str, Any]]:
    """Names and data of all events until the stream ends."""
    with tenant.owner.stream("GET", f"/api/v1/ingestions/{ingestion_id}/events", timeout=60) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        blocks = "".join(response.iter_text()).strip().split("\n\n")
    fields = [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks if not block.startswith(":")]
    return [(field["event"], json.loads(field["data"])) for field in fields]


class TestIngestions:
    def test_uploads_are_counted_together(self, tenant: Tenant, stores: Stores) -> None:
        ingestion = begin(tenant, expected=2).json()
        assert (ingestion["state"], ingestion["documents_total"]) == ("running", 2)
        for name, data in (("a.md", b"Ink costs four euros."), ("b.md", b"  ")):
            accepted = give(tenant, name, data, ingestion_id=ingestion["id"])
            assert (accepted.status_code, accepted.json()["ingestion_id"]) == (202, ingestion["id"])

        run_until_idle(stores, organization_id=tenant.organization.id)

        ended = tenant.owner.get(f"/api/v1/ingestions/{ingestion['id']}").json()
        assert (ended["state"], ended["ready"], ended["failed"]) == ("done", 1, {"empty": 1})
        assert [problem["name"] for problem in ended["problems"]] == ["b.md"]
        assert ended["id"] in [row["id"] for row in tenant.owner.get("/api/v1/ingestions").json()]

    def test_an_upload_alone_is_one_of_its_own(self, tenant: Tenant, stores: Stores) -> None:
        accepted = give(tenant, "a.md", b"Ink costs four euros.").json()
        run_until_idle(stores, organization_id=tenant.organization.id)

        progress = tenant.owner.get(f"/api/v1/ingestions/{accepted['ingestion_id']}").json()
        assert (progress["name"], progress["state"], progress["documents_total"]) == ("a.md", "done", 1)

    def test_events_end_with_the_ingestion(self, tenant: Tenant, stores: Stores) -> None:
        accepted = give(tenant, "a.md", b"Ink costs four euros.").json()
        run_until_idle(stores, organization_id=tenant.organization.id)

        told = events(tenant, accepted["ingestion_id"])

        assert [name for name, _ in told][-1] == "ingestion.ended"
        assert told[-1][1]["ready"] == 1

    def test_cancel_and_resume(self, tenant: Tenant, stores: Stores) -> None:
        ingestion_id = begin(tenant).json()["id"]
        give(tenant, "a.md", b"Ink costs four euros.", ingestion_id=ingestion_id)

        stopped = tenant.owner.post(f"/api/v1/ingestions/{ingestion_id}/cancel").json()
        assert (stopped["state"], stopped["cancelled"]) in (("cancelled", 1), ("done", 0))
        tenant.owner.post(f"/api/v1/ingestions/{ingestion_id}/resume")
        run_until_idle(stores, organization_id=tenant.organization.id)

        assert tenant.owner.get(f"/api/v1/ingestions/{ingestion_id}").json()["ready"] == 1

    def test_a_foreign_one_is_as_unknown_as_any(self, tenant: Tenant, make_tenant: MakeTenant) -> None:
        other = make_tenant()
        foreign = begin(other).json()["id"]

        for wanted in (foreign, str(uuid.uuid4())):
            for method, path in (("GET", ""), ("GET", "/events"), ("POST", "/cancel"), ("POST", "/resume")):
                response = tenant.owner.request(method, f"/api/v1/ingestions/{wanted}{path}")
                assert (response.status_code, response.json()["title"]) == (404, "No such ingestion")
            assert give(tenant, "a.md", b"x", ingestion_id=wanted).status_code == 404

    def test_viewers_look_and_do_not_touch(self, api_url: str, tenant: Tenant) -> None:
        ingestion_id = begin(tenant).json()["id"]
        with client(api_url, tenant.keys[Role.VIEWER]) as viewer:
            assert viewer.get(f"/api/v1/ingestions/{ingestion_id}").status_code == 200
            assert viewer.post(f"/api/v1/ingestions/{ingestion_id}/cancel").status_code == 403
        with client(api_url, tenant.keys[Role.BUILDER]) as builder:
            assert builder.post(f"/api/v1/ingestions/{ingestion_id}/cancel").status_code == 200

    def test_bad_input_names_the_field(self, tenant: Tenant) -> None:
        response = begin(tenant, expected=0)
        assert response.status_code == 422
        assert "expected" in response.text
