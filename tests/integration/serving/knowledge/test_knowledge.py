"""Knowledge bases and documents over HTTP."""

import io
import time
import uuid

import pytest

from ingestion.worker import run_until_idle
from storage.stores import Stores
from tests.integration.conftest import Tenant, ask, upload


def work(tenant: Tenant, stores: Stores) -> None:
    run_until_idle(stores, organization_id=tenant.organization.id)


def documents(tenant: Tenant, **query: str) -> dict[str, dict[str, object]]:
    response = tenant.owner.get(f"/api/v1/knowledge-bases/{tenant.knowledge_base_id}/documents", params=query)
    return {document["name"]: document for document in response.json()}


class TestUpload:
    def test_a_document_becomes_searchable(self, tenant: Tenant, stores: Stores) -> None:
        accepted = upload(tenant, "note.md", b"# Keys\n\nThe spare key hangs behind the blue door.")
        assert accepted["state"] == "staged"
        assert documents(tenant)["note.md"]["state"] == "staged"
        work(tenant, stores)
        document = documents(tenant)["note.md"]
        assert (document["state"], document["is_searchable"], document["version"]) == ("ready", True, 1)
        assert "blue door" in ask(tenant, "Where does the spare key hang?")["content"]

    def test_equal_content_is_no_work(self, tenant: Tenant, stores: Stores) -> None:
        upload(tenant, "note.md", b"The spare key hangs behind the blue door.")
        work(tenant, stores)
        assert upload(tenant, "note.md", b"The spare key hangs behind the blue door.")["state"] == "unchanged"

    def test_a_new_version_replaces_the_old_one_in_answers(self, tenant: Tenant, stores: Stores) -> None:
        first = upload(tenant, "note.md", b"The spare key hangs behind the blue door.")
        work(tenant, stores)
        before = ask(tenant, "Where does the spare key hang?")
        upload(tenant, "note.md", b"The spare key hangs behind the green cupboard.")
        work(tenant, stores)
        after = ask(tenant, "Where does the spare key hang?")
        versions = tenant.owner.get(f"/api/v1/documents/{first['document_id']}/versions").json()
        old = tenant.owner.get(before["citations"][0]["url"]).json()
        assert "green cupboard" in after["content"]
        assert [(v["number"], v["state"], v["is_current"]) for v in versions] == [
            (2, "ready", True),
            (1, "superseded", False),
        ]
        assert (old["version"], old["is_current"]) == (1, False)
        assert "blue door" in old["text"]

    @pytest.mark.parametrize(
        ("name", "data", "failure"),
        [
            ("empty.pdf", b"", "empty"),
            ("broken.pdf", b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog", "damaged"),
            ("data.bin", bytes(range(256)) * 20, "unsupported"),
            ("fake.docx", b"PK\x03\x04 this is no archive", "damaged"),
        ],
    )
    def test_an_unreadable_file_says_why(
        self, tenant: Tenant, stores: Stores, name: str, data: bytes, failure: str
    ) -> None:
        upload(tenant, "good.md", b"The spare key hangs behind the blue door.")
        upload(tenant, name, data)
        work(tenant, stores)
        found = documents(tenant)
        assert (found[name]["state"], found[name]["failure_type"]) == ("failed", failure)
        assert found[name]["failure_reason"]
        assert found["good.md"]["state"] == "ready"
        assert set(documents(tenant, state="failed")) == {name}
        base = tenant.owner.get(f"/api/v1/knowledge-bases/{tenant.knowledge_base_id}").json()
        assert (base["documents"], base["ready"], base["failed"], base["waiting"]) == (2, 1, 1, 0)

    def test_a_mislabelled_file_is_judged_by_its_content(self, tenant: Tenant, stores: Stores) -> None:
        import docx

        document = docx.Document()
        document.add_paragraph("The spare key hangs behind the blue door.")
        data = io.BytesIO()
        document.save(data)
        upload(tenant, "note.txt", data.getvalue())
        work(tenant, stores)
        found = documents(tenant)["note.txt"]
        assert found["state"] == "ready"
        assert str(found["media_type"]).endswith("wordprocessingml.document")

    def test_an_unknown_knowledge_base_is_a_404(self, tenant: Tenant) -> None:
        response = tenant.owner.post(
            f"/api/v1/knowledge-bases/{uuid.uuid4()}/documents", files={"file": ("a.txt", b"text")}
        )
        assert response.status_code == 404

    def test_a_viewer_uploads_nothing(self, tenant: Tenant) -> None:
        response = tenant.viewer.post(
            f"/api/v1/knowledge-bases/{tenant.knowledge_base_id}/documents", files={"file": ("a.txt", b"text")}
        )
        assert response.status_code == 403

    def test_a_file_must_be_there(self, tenant: Tenant) -> None:
        response = tenant.owner.post(f"/api/v1/knowledge-bases/{tenant.knowledge_base_id}/documents")
        assert response.status_code == 422
        assert response.json()["errors"][0]["field"] == "body.file"


class TestDelete:
    def test_no_answer_uses_it_from_the_next_request_on(self, informed: Tenant, stores: Stores) -> None:
        answer = ask(informed, "How long is the warranty of the K5 grinder?")
        document = answer["citations"][0]["document_id"]
        started = time.monotonic()
        assert informed.owner.delete(f"/api/v1/documents/{document}").status_code == 204
        assert ask(informed, "How long is the warranty of the K5 grinder?")["is_refused"]
        assert time.monotonic() - started < 10
        assert informed.owner.get(f"/api/v1/documents/{document}").status_code == 404
        assert informed.owner.get(answer["citations"][0]["url"]).status_code == 404
        receipt = informed.owner.get(answer["receipt_url"]).json()
        assert receipt["passages"][0]["document_id"] == document
        work(informed, stores)
        assert informed.owner.delete(f"/api/v1/documents/{document}").status_code == 404


class TestKnowledgeBases:
    def test_make_change_archive(self, tenant: Tenant) -> None:
        made = tenant.owner.post(
            "/api/v1/knowledge-bases", json={"name": "Manuals", "slug": "manuals", "tags": ["a"]}
        ).json()
        path = f"/api/v1/knowledge-bases/{made['id']}"
        changed = tenant.owner.patch(path, json={"name": "Handbooks", "description": "All of them"}).json()
        assert (changed["name"], changed["description"], changed["tags"]) == ("Handbooks", "All of them", ["a"])
        taken = tenant.owner.post("/api/v1/knowledge-bases", json={"name": "x", "slug": "manuals"})
        assert taken.status_code == 409
        assert tenant.owner.delete(path).status_code == 204
        assert tenant.owner.get(path).status_code == 404
        assert [base["slug"] for base in tenant.owner.get("/api/v1/knowledge-bases").json()] == ["default"]

    def test_bots_stop_reading_an_archived_one(self, informed: Tenant) -> None:
        informed.owner.delete(f"/api/v1/knowledge-bases/{informed.knowledge_base_id}")
        assert ask(informed, "How long is the warranty of the K5 grinder?")["is_refused"]

    def test_unknown_ones_are_404(self, tenant: Tenant) -> None:
        unknown = uuid.uuid4()
        assert tenant.owner.patch(f"/api/v1/knowledge-bases/{unknown}", json={}).status_code == 404
        assert tenant.owner.get(f"/api/v1/knowledge-bases/{unknown}/documents").status_code == 404
        assert tenant.owner.get(f"/api/v1/documents/{unknown}/versions").status_code == 404
        assert tenant.owner.get(f"/api/v1/passages/{unknown}").status_code == 404
