"""Erasures over the API: asked for by an owner, carried out by a worker, proved in the ledger."""

import uuid

from sqlalchemy import select

from ingestion.erasing import run_next
from storage.postgres.models.audit_event import AuditEvent
from storage.postgres.models.job import Job
from storage.postgres.session import organization_session
from storage.stores import Stores
from tests.factories.knowledge import FAST
from tests.integration.conftest import MakeTenant, Tenant, ask


class TestErasing:
    def test_a_document_goes_and_its_receipt_says_so(self, informed: Tenant, stores: Stores) -> None:
        answer = ask(informed, "How long is the warranty of the K5 grinder?")
        document = answer["citations"][0]["document_id"]

        asked = informed.owner.post("/api/v1/erasures", json={"kind": "document", "subject": document})

        assert asked.status_code == 202
        assert (asked.json()["state"], asked.json()["proof"]) == ("requested", None)
        assert run_next(stores, "tester", settings=FAST, organization_id=informed.organization.id)
        done = informed.owner.get(f"/api/v1/erasures/{asked.json()['id']}").json()
        assert (done["state"], done["step"], done["error"]) == ("completed", "proved", None)
        assert done["proof"]["left"] == {}
        assert done["touched"]["documents"] == 1
        receipt = informed.owner.get(answer["receipt_url"]).json()
        assert all(passage["erased_at"] and not passage["quotes"] for passage in receipt["passages"])
        assert "60 months" not in receipt["answer"]
        assert informed.owner.get(f"/api/v1/documents/{document}").status_code == 404
        assert [row["id"] for row in informed.owner.get("/api/v1/erasures").json()] == [done["id"]]

    def test_it_is_audited_once_for_each_request_and_done_by_one_job(self, informed: Tenant, stores: Stores) -> None:
        body = {"kind": "subject", "subject": str(uuid.uuid4())}
        first, second = (informed.owner.post("/api/v1/erasures", json=body).json() for _ in range(2))
        assert first["id"] == second["id"]
        with organization_session(stores.app, informed.organization.id) as session:
            events = session.scalars(select(AuditEvent).where(AuditEvent.action == "erasure.requested")).all()
            jobs = session.scalars(select(Job).where(Job.kind == "erase")).all()
        assert [str(event.subject_id) for event in events] == [first["id"]] * 2
        assert len(jobs) == 1

    def test_what_is_not_here_is_404(self, tenant: Tenant) -> None:
        for kind in ("document", "knowledge_base"):
            response = tenant.owner.post("/api/v1/erasures", json={"kind": kind, "subject": str(uuid.uuid4())})
            assert response.status_code == 404, kind
        assert tenant.owner.get(f"/api/v1/erasures/{uuid.uuid4()}").status_code == 404

    def test_another_organizations_document_is_404_and_stays(self, informed: Tenant, make_tenant: MakeTenant) -> None:
        listed = informed.owner.get(f"/api/v1/knowledge-bases/{informed.knowledge_base_id}/documents").json()
        body = {"kind": "document", "subject": listed[0]["id"]}
        assert make_tenant().owner.post("/api/v1/erasures", json=body).status_code == 404
        assert informed.owner.get(f"/api/v1/documents/{listed[0]['id']}").status_code == 200

    def test_a_request_that_makes_no_sense_is_400(self, tenant: Tenant) -> None:
        by_name = tenant.owner.post("/api/v1/erasures", json={"kind": "document", "subject": "handbook.pdf"})
        assert by_name.status_code == 400
        assert "names its subject by id" in by_name.json()["detail"]
        uploads = {"kind": "document", "subject": str(uuid.uuid4()), "with_uploads": True}
        assert tenant.owner.post("/api/v1/erasures", json=uploads).status_code == 400
