"""Versions, differences, duplicates and metadata over HTTP."""

import uuid

import pytest

from ingestion.worker import run_until_idle
from storage.postgres.models.member import Role
from storage.stores import Stores
from tests.integration.conftest import Tenant, ask, upload

ONE = (
    b"# Keys\n\nThe spare key hangs behind the blue door.\n\n# Lamps\n\nThe lamps of the hall are switched off at ten."
)
TWO = ONE.replace(b"blue door", b"green cupboard") + b"\n\n# Plants\n\nThe plants are watered on Mondays by the porter."
BROKEN = ONE.decode().translate(str.maketrans("aeiouy", "xzqkvw")).encode()


def give(tenant: Tenant, stores: Stores, data: bytes, *, name: str = "note.md") -> tuple[str, str]:
    accepted = upload(tenant, name, data)
    run_until_idle(stores, organization_id=tenant.organization.id)
    return accepted["document_id"], accepted["version_id"]


def decide(tenant: Tenant, document: str, version: str, action: str, *, role: Role = Role.OWNER) -> tuple[int, str]:
    response = tenant.clients[role].post(f"/api/v1/documents/{document}/versions/{version}/{action}")
    return response.status_code, response.json().get("state") or response.json()["type"]


class TestDecisions:
    def test_a_held_version_is_shown_with_what_can_be_done_and_accepted(self, tenant: Tenant, stores: Stores) -> None:
        give(tenant, stores, ONE)
        document, held = give(tenant, stores, BROKEN)
        newest, first = tenant.owner.get(f"/api/v1/documents/{document}/versions").json()
        assert (newest["state"], newest["actions"]) == ("held", ["make-current", "discard"])
        assert newest["quality_score"] < first["quality_score"]
        assert "reads far worse" in newest["failure_reason"]

        assert decide(tenant, document, held, "make-current") == (202, "staged")
        run_until_idle(stores, organization_id=tenant.organization.id)

        states = [v["state"] for v in tenant.owner.get(f"/api/v1/documents/{document}/versions").json()]
        assert states == ["ready", "superseded"]

    def test_a_discarded_one_cannot_be_discarded_again(self, tenant: Tenant, stores: Stores) -> None:
        give(tenant, stores, ONE)
        document, held = give(tenant, stores, BROKEN)
        assert decide(tenant, document, held, "discard") == (200, "superseded")
        assert decide(tenant, document, held, "discard") == (409, "/problems/version-state")

    def test_going_back_changes_answers(self, tenant: Tenant, stores: Stores) -> None:
        document, first = give(tenant, stores, ONE)
        give(tenant, stores, TWO)
        assert decide(tenant, document, first, "make-current") == (202, "staged")
        run_until_idle(stores, organization_id=tenant.organization.id)
        assert "blue door" in ask(tenant, "Where does the spare key hang?")["content"]
        assert decide(tenant, document, first, "make-current") == (202, "unchanged")

    def test_cancel_and_resume(self, tenant: Tenant, stores: Stores) -> None:
        accepted = upload(tenant, "note.md", ONE)
        document, version = accepted["document_id"], accepted["version_id"]
        assert decide(tenant, document, version, "cancel") == (200, "cancelled")
        assert decide(tenant, document, version, "cancel") == (409, "/problems/version-state")
        assert decide(tenant, document, version, "resume") == (202, "staged")
        run_until_idle(stores, organization_id=tenant.organization.id)
        assert decide(tenant, document, version, "resume") == (409, "/problems/version-state")

    def test_a_version_of_another_document_is_unknown(self, tenant: Tenant, stores: Stores) -> None:
        document, _ = give(tenant, stores, ONE)
        _, other = give(tenant, stores, TWO, name="other.md")
        for version in (other, str(uuid.uuid4())):
            assert decide(tenant, document, version, "make-current") == (404, "/problems/not-found")

    @pytest.mark.parametrize("action", ["make-current", "discard", "cancel", "resume"])
    def test_readers_decide_nothing(self, tenant: Tenant, stores: Stores, action: str) -> None:
        document, version = give(tenant, stores, ONE)
        for role in (Role.VIEWER, Role.AGENT, Role.ANALYST):
            assert decide(tenant, document, version, action, role=role) == (403, "/problems/forbidden")
        seen = tenant.viewer.get(f"/api/v1/documents/{document}/versions").json()
        assert seen[0]["actions"] == []


class TestDiff:
    def test_the_current_version_against_the_one_before(self, tenant: Tenant, stores: Stores) -> None:
        document, _ = give(tenant, stores, ONE)
        give(tenant, stores, TWO)
        found = tenant.owner.get(f"/api/v1/documents/{document}/diff").json()
        assert {name: found[name] for name in ("from_version", "to_version", "same", "removed", "added", "changed")} == {
            "from_version": 1, "to_version": 2, "same": 1, "removed": 0, "added": 1, "changed": 1,
        }  # fmt: skip
        changed, added = found["changes"]
        assert changed["heading_path"] == ["Keys"]
        assert [(w["kind"], w["text"].strip()) for w in changed["words"] if w["kind"] != "same"] == [
            ("removed", "blue door."),
            ("added", "green cupboard."),
        ]
        assert "".join(w["text"] for w in changed["words"] if w["kind"] != "added") == changed["before"]
        assert "".join(w["text"] for w in changed["words"] if w["kind"] != "removed") == changed["after"]
        assert (added["kind"], added["before"], added["heading_path"]) == ("added", None, ["Plants"])
        assert not found["is_truncated"]

    def test_versions_by_number_and_by_id(self, tenant: Tenant, stores: Stores) -> None:
        document, first = give(tenant, stores, ONE)
        give(tenant, stores, TWO)
        query = {"from_version": "2", "to_version": first}
        found = tenant.owner.get(f"/api/v1/documents/{document}/diff", params=query).json()
        assert (found["from_version"], found["to_version"], found["removed"]) == (2, 1, 1)
        unknown = tenant.owner.get(f"/api/v1/documents/{document}/diff", params={"from_version": "9"})
        assert (unknown.status_code, unknown.json()["type"]) == (404, "/problems/not-found")

    def test_one_version_alone_is_a_409(self, tenant: Tenant, stores: Stores) -> None:
        document, _ = give(tenant, stores, ONE)
        response = tenant.owner.get(f"/api/v1/documents/{document}/diff")
        assert (response.status_code, response.json()["type"]) == (409, "/problems/nothing-to-compare")

    def test_a_large_difference_is_cut_and_says_so(self, tenant: Tenant, stores: Stores) -> None:
        def text(word: str) -> bytes:
            return "\n\n".join(
                f"# Part {n}\n\nThe {word} number {n} is kept in the store." for n in range(300)
            ).encode()

        document, _ = give(tenant, stores, text("lamp"))
        give(tenant, stores, text("chair"))
        found = tenant.owner.get(f"/api/v1/documents/{document}/diff").json()
        assert found["is_truncated"]
        assert len(found["changes"]) <= 200
        assert found["changed"] + found["removed"] >= 290


class TestDuplicates:
    def test_equal_documents_are_told(self, tenant: Tenant, stores: Stores) -> None:
        give(tenant, stores, ONE)
        give(tenant, stores, ONE, name="copy.md")
        (pair,) = tenant.owner.get(f"/api/v1/knowledge-bases/{tenant.knowledge_base_id}/duplicates").json()
        assert (pair["document_name"], pair["other_name"], pair["is_exact"]) == ("copy.md", "note.md", True)
        assert tenant.owner.get(f"/api/v1/knowledge-bases/{uuid.uuid4()}/duplicates").status_code == 404


class TestMetadata:
    def test_fields_are_merged_and_null_removes(self, tenant: Tenant) -> None:
        path = f"/api/v1/documents/{upload(tenant, 'note.md', ONE)['document_id']}"
        tenant.owner.patch(path, json={"tags": ["hr", "hr"], "custom_metadata": {"team": "people", "year": 2026}})
        changed = tenant.owner.patch(path, json={"custom_metadata": {"year": None, "sites": ["Bonn", "Ulm"]}}).json()
        assert changed["tags"] == ["hr"]
        assert changed["custom_metadata"] == {"team": "people", "sites": ["Bonn", "Ulm"]}
        assert tenant.viewer.patch(path, json={"tags": []}).status_code == 403

    @pytest.mark.parametrize(
        ("metadata", "status"),
        [
            ({"a": {"b": 1}}, 422),
            ({"a": [[1]]}, 422),
            ({"a": "x" * 2001}, 422),
            ({"a": list(range(51))}, 422),
            ({"": 1}, 422),
            ({"source_folder": "/etc"}, 400),
            ({str(n): n for n in range(51)}, 422),
        ],
    )
    def test_what_cannot_be_kept_is_refused(self, tenant: Tenant, metadata: dict[str, object], status: int) -> None:
        path = f"/api/v1/documents/{upload(tenant, 'note.md', ONE)['document_id']}"
        assert tenant.owner.patch(path, json={"custom_metadata": metadata}).status_code == status

    def test_fields_do_not_pile_up(self, tenant: Tenant) -> None:
        path = f"/api/v1/documents/{upload(tenant, 'note.md', ONE)['document_id']}"
        assert tenant.owner.patch(path, json={"custom_metadata": {f"a{n}": n for n in range(50)}}).status_code == 200
        assert tenant.owner.patch(path, json={"custom_metadata": {"one_more": 1}}).status_code == 400

    def test_an_upload_brings_its_own(self, tenant: Tenant) -> None:
        path = f"/api/v1/knowledge-bases/{tenant.knowledge_base_id}/documents"
        file = {"file": ("note.md", ONE, "text/markdown")}
        good = tenant.owner.post(path, files=file, data={"metadata": '{"tags": ["hr"], "custom_metadata": {"a": 1}}'})
        shown = tenant.owner.get(f"/api/v1/documents/{good.json()['document_id']}").json()
        assert (shown["tags"], shown["custom_metadata"]) == (["hr"], {"a": 1})

    @pytest.mark.parametrize("text", ["{", "[]", '{"owner": "x"}', '{"custom_metadata": {"source_id": 1}}'])
    def test_a_bad_one_keeps_nothing(self, tenant: Tenant, text: str) -> None:
        path = f"/api/v1/knowledge-bases/{tenant.knowledge_base_id}/documents"
        response = tenant.owner.post(path, files={"file": ("note.md", ONE)}, data={"metadata": text})
        assert (response.status_code, response.json()["type"]) == (400, "/problems/metadata")
        assert tenant.owner.get(path).json() == []
