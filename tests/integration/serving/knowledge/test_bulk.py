"""Moving, copying and changing many documents at once."""

import uuid
from typing import Any

import pytest
from sqlalchemy import func, select

from ingestion.worker import run_until_idle
from storage.postgres.models.audit_event import AuditEvent
from storage.postgres.models.embedding import Embedding
from storage.postgres.models.member import Role
from storage.postgres.session import organization_session
from storage.reconciler import verify
from storage.stores import Stores
from tests.integration.conftest import POLICY, MakeTenant, Tenant, upload

QUESTION = {"query": "How long is the warranty of the K5 grinder?", "limit": 20}


def make_base(tenant: Tenant, slug: str = "archive") -> str:
    """A second knowledge base; its id."""
    response = tenant.owner.post("/api/v1/knowledge-bases", json={"name": slug, "slug": slug})
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


def documents(tenant: Tenant, base: str | None = None) -> list[dict[str, Any]]:
    """Documents of a knowledge base."""
    path = f"/api/v1/knowledge-bases/{base or tenant.knowledge_base_id}/documents"
    return list(tenant.owner.get(path).json())


def found_in(tenant: Tenant, base: str) -> set[str]:
    """Documents that a search of a knowledge base finds."""
    found = tenant.owner.post("/api/v1/search", json={**QUESTION, "knowledge_base_ids": [base]})
    assert found.status_code == 200, found.text
    return {one["document_id"] for one in found.json()["passages"]}


def drift(tenant: Tenant, stores: Stores) -> int:
    """Wrong rows of the organization's vector tables."""
    return verify(stores, heal=False, organization_id=tenant.organization.id).index_drift_rows


def relocate(tenant: Tenant, how: str, ids: list[str], base: str, *, role: Role = Role.BUILDER) -> Any:
    """Ask for a move or a copy."""
    body = {"document_ids": ids, "knowledge_base_id": base}
    return tenant.clients[role].post(f"/api/v1/documents/{how}", json=body)


def bulk(tenant: Tenant, action: dict[str, Any], **fields: Any) -> Any:
    """Ask for something to be done with many documents."""
    return tenant.clients[Role.BUILDER].post("/api/v1/documents/bulk", json={"action": action, **fields})


class TestMove:
    def test_the_gate_decides_at_once_and_vectors_follow(self, informed: Tenant, stores: Stores) -> None:
        target, one = make_base(informed), documents(informed)[0]["id"]
        assert relocate(informed, "move", [one], target).json()["document_ids"] == [one]
        assert found_in(informed, informed.knowledge_base_id) == set()
        assert drift(informed, stores) == 0
        run_until_idle(stores, organization_id=informed.organization.id)
        assert found_in(informed, target) == {one}
        assert found_in(informed, informed.knowledge_base_id) == set()
        assert drift(informed, stores) == 0

    def test_a_document_that_is_being_read_arrives_where_it_moved(self, tenant: Tenant, stores: Stores) -> None:
        one, target = upload(tenant, "policy.md", POLICY.encode())["document_id"], make_base(tenant)
        assert relocate(tenant, "move", [one], target).status_code == 200
        run_until_idle(stores, organization_id=tenant.organization.id)
        assert found_in(tenant, target) == {one}

    def test_a_clash_names_all_and_moves_none(self, informed: Tenant, stores: Stores) -> None:
        target, first = make_base(informed), documents(informed)[0]["id"]
        second = upload(informed, "other.md", b"# Other\n\nSomething else that can be read.")["document_id"]
        informed.owner.post(
            f"/api/v1/knowledge-bases/{target}/documents", files={"file": ("policy.md", b"# There\n\nBefore.")}
        )
        response = relocate(informed, "move", [second, first], target)
        assert (response.status_code, response.json()["type"]) == (409, "/problems/name-clash")
        assert response.json()["names"] == ["policy.md"]
        assert {one["id"] for one in documents(informed)} == {first, second}

    def test_a_deleted_document_of_the_target_is_no_clash(self, informed: Tenant) -> None:
        target, one = make_base(informed), documents(informed)[0]["id"]
        there = informed.owner.post(
            f"/api/v1/knowledge-bases/{target}/documents", files={"file": ("policy.md", b"# There\n\nBefore.")}
        ).json()["document_id"]
        informed.owner.delete(f"/api/v1/documents/{there}")
        assert relocate(informed, "move", [one], target).status_code == 200

    def test_documents_and_targets_of_others_are_unknown(self, informed: Tenant, make_tenant: MakeTenant) -> None:
        stranger, one = make_tenant(), documents(informed)[0]["id"]
        assert relocate(stranger, "move", [one], stranger.knowledge_base_id).status_code == 404
        assert relocate(informed, "move", [one], stranger.knowledge_base_id).status_code == 404
        assert relocate(informed, "move", [one], make_base(informed), role=Role.ANALYST).status_code == 403


class TestCopy:
    def test_a_copy_is_a_document_of_its_own_without_a_model_call(self, informed: Tenant, stores: Stores) -> None:
        target, one = make_base(informed), documents(informed)[0]["id"]
        with organization_session(stores.app, informed.organization.id) as session:
            before = session.scalar(select(func.count()).select_from(Embedding))
        copied = relocate(informed, "copy", [one], target)
        assert copied.status_code == 202, copied.text
        report = run_until_idle(stores, organization_id=informed.organization.id)
        assert (report.ready, report.embeddings_computed) == (1, 0)
        with organization_session(stores.app, informed.organization.id) as session:
            assert session.scalar(select(func.count()).select_from(Embedding)) == before
        twin = copied.json()["document_ids"][0]
        assert found_in(informed, target) == {twin}
        assert found_in(informed, informed.knowledge_base_id) == {one}
        informed.owner.delete(f"/api/v1/documents/{one}")
        run_until_idle(stores, organization_id=informed.organization.id)
        assert found_in(informed, target) == {twin}
        assert drift(informed, stores) == 0

    def test_one_that_was_not_read_is_named(self, tenant: Tenant) -> None:
        one = upload(tenant, "new.md", b"# New\n\nNobody has read this yet.")["document_id"]
        response = relocate(tenant, "copy", [one], make_base(tenant))
        assert (response.status_code, response.json()["names"]) == (409, ["new.md"])


class TestBulk:
    def test_a_dry_run_says_how_many_and_changes_nothing(self, informed: Tenant) -> None:
        chosen = {"knowledge_base_id": informed.knowledge_base_id, "filter": {}}
        told = bulk(informed, {"kind": "delete"}, **chosen, is_dry_run=True).json()
        assert told == {"documents": 1, "changed": 1, "is_dry_run": True, "names": ["policy.md"]}
        assert len(documents(informed)) == 1

    def test_tags_are_added_and_removed(self, informed: Tenant) -> None:
        one = documents(informed)[0]["id"]
        bulk(informed, {"kind": "tags", "add": ["a", "b"]}, document_ids=[one])
        again = bulk(informed, {"kind": "tags", "add": ["a"], "remove": ["b"]}, document_ids=[one]).json()
        assert (again["changed"], documents(informed)[0]["tags"]) == (1, ["a"])
        assert bulk(informed, {"kind": "tags", "add": ["a"]}, document_ids=[one]).json()["changed"] == 0

    def test_metadata_is_merged_by_a_filter(self, informed: Tenant) -> None:
        chosen = {
            "knowledge_base_id": informed.knowledge_base_id,
            "filter": {"all": [{"field": "name", "operator": "contains", "value": "policy"}]},
        }
        told = bulk(informed, {"kind": "metadata", "custom_metadata": {"area": "shop"}}, **chosen).json()
        assert (told["documents"], documents(informed)[0]["custom_metadata"]) == (1, {"area": "shop"})
        none = {**chosen, "filter": {"all": [{"field": "metadata.area", "value": "works"}]}}
        assert bulk(informed, {"kind": "delete"}, **none).json()["documents"] == 0

    def test_reading_again_keeps_them_searchable(self, informed: Tenant, stores: Stores) -> None:
        one = documents(informed)[0]["id"]
        assert bulk(informed, {"kind": "read_again"}, document_ids=[one]).json()["changed"] == 1
        assert found_in(informed, informed.knowledge_base_id) == {one}
        assert bulk(informed, {"kind": "read_again"}, document_ids=[one]).json()["changed"] == 0
        assert run_until_idle(stores, organization_id=informed.organization.id).ready == 1
        assert (documents(informed)[0]["state"], drift(informed, stores)) == ("ready", 0)

    def test_deleting_is_effective_at_once_and_audited(self, informed: Tenant, stores: Stores) -> None:
        one = documents(informed)[0]["id"]
        bulk(informed, {"kind": "delete"}, document_ids=[one])
        assert (documents(informed), found_in(informed, informed.knowledge_base_id)) == ([], set())
        with organization_session(stores.app, informed.organization.id) as session:
            told = session.scalar(select(AuditEvent.details).where(AuditEvent.action == "document.changed"))
        assert told is not None
        assert told["action"] == "delete"

    @pytest.mark.parametrize(
        "chosen",
        [
            {},
            {"filter": {}},
            {"document_ids": []},
            {"document_ids": [str(uuid.uuid4())], "filter": {}, "knowledge_base_id": str(uuid.uuid4())},
        ],
    )
    def test_a_request_says_in_one_way_which_documents(self, tenant: Tenant, chosen: dict[str, Any]) -> None:
        assert bulk(tenant, {"kind": "delete"}, **chosen).status_code == 422

    def test_one_unknown_document_stops_all(self, informed: Tenant) -> None:
        ids = [documents(informed)[0]["id"], str(uuid.uuid4())]
        assert bulk(informed, {"kind": "delete"}, document_ids=ids).status_code == 404
        assert len(documents(informed)) == 1


class TestBases:
    def test_settings_of_retrieval_are_kept_and_used(self, informed: Tenant) -> None:
        path = f"/api/v1/knowledge-bases/{informed.knowledge_base_id}"
        said = {"mode": "text", "neighbours": 1}
        shown = informed.owner.patch(path, json={"retrieval": said, "tags": ["shop"]}).json()
        assert {name: shown["retrieval"][name] for name in said} == said
        assert informed.owner.post("/api/v1/search", json=QUESTION).json()["settings"]["mode"] == "text"
        assert informed.owner.patch(path, json={"retrieval": None}).json()["retrieval"] is None
        assert informed.owner.post("/api/v1/search", json=QUESTION).json()["settings"]["mode"] == "hybrid"

    def test_an_archived_one_comes_back(self, informed: Tenant) -> None:
        path = f"/api/v1/knowledge-bases/{informed.knowledge_base_id}"
        informed.owner.delete(path)
        assert informed.owner.get(path).status_code == 404
        listed = informed.owner.get("/api/v1/knowledge-bases?is_archived=true").json()
        assert [one["id"] for one in listed] == [informed.knowledge_base_id]
        assert informed.owner.post(f"{path}/unarchive").json()["documents"] == 1
        assert informed.owner.post(f"{path}/unarchive").status_code == 404

    def test_sharing_makes_a_version_of_each_bot_that_changes(self, tenant: Tenant) -> None:
        base = make_base(tenant)
        bot = tenant.owner.post("/api/v1/chatbots", json={"name": "Clerk", "slug": "clerk"}).json()
        path = f"/api/v1/knowledge-bases/{base}/chatbots"
        shared = tenant.owner.put(path, json={"chatbot_ids": [bot["id"]]}).json()
        assert [(one["slug"], one["reads_it"], one["version"]) for one in shared if one["slug"] == "clerk"] == [
            ("clerk", True, 2)
        ]
        again = tenant.owner.put(path, json={"chatbot_ids": [bot["id"]]}).json()
        assert [one["version"] for one in again if one["slug"] == "clerk"] == [2]
        tenant.owner.put(path, json={"chatbot_ids": []})
        config = tenant.owner.get(f"/api/v1/chatbots/{bot['id']}").json()["config"]
        assert config["knowledge_base_ids"] == []
        assert tenant.owner.put(path, json={"chatbot_ids": [str(uuid.uuid4())]}).status_code == 404
        assert tenant.viewer.put(path, json={"chatbot_ids": []}).status_code == 403
