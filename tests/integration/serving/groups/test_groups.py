"""Groups: made, filled and taken away over the API, and who may give documents to them."""

import json
from concurrent.futures import ThreadPoolExecutor

import httpx2
from sqlalchemy import Engine

from ingestion.worker import run_until_idle
from storage.postgres.models.member import Role
from storage.stores import Stores
from tests.integration.conftest import MakeTenant, client, upload
from tests.integration.serving.groups.conftest import House, add_person, give, sign_in


def document(sender: httpx2.Client, house: House) -> int:
    """How somebody's look at the restricted document ends."""
    return sender.get(f"/api/v1/documents/{house.document_id}").status_code


class TestMembership:
    def test_leaving_a_group_counts_from_the_next_request_on(self, house: House) -> None:
        viewer = house.inside[Role.VIEWER]
        me = viewer.get("/api/v1/me").json()
        assert me["group_ids"] == [house.group_id]
        assert document(viewer, house) == 200
        removed = house.tenant.owner.delete(f"/api/v1/groups/{house.group_id}/members/{me['user_id']}")
        assert removed.status_code == 204
        assert document(viewer, house) == 404
        assert viewer.get("/api/v1/me").json()["group_ids"] == []

    def test_a_suspended_member_reads_nothing(self, house: House) -> None:
        viewer = house.inside[Role.VIEWER]
        user_id = viewer.get("/api/v1/me").json()["user_id"]
        member = next(m for m in house.tenant.owner.get("/api/v1/members").json() if m["user_id"] == user_id)
        house.tenant.owner.patch(f"/api/v1/members/{member['id']}", json={"is_active": False})
        assert document(viewer, house) == 400  # no organization any more

    def test_only_members_of_the_organization_can_be_put_in(
        self, house: House, owner: Engine, make_tenant: MakeTenant
    ) -> None:
        stranger, _ = add_person(owner, make_tenant(), Role.VIEWER)
        response = house.tenant.owner.post(f"/api/v1/groups/{house.group_id}/members", json={"user_id": str(stranger)})
        assert (response.status_code, response.json()["type"]) == (400, "/problems/group-member")

    def test_groups_are_listed_to_whom_they_concern(self, house: House) -> None:
        other = house.tenant.owner.post("/api/v1/groups", json={"name": "Works council", "slug": "council"}).json()
        assert {one["id"] for one in house.tenant.owner.get("/api/v1/groups").json()} == {house.group_id, other["id"]}
        assert [one["id"] for one in house.inside[Role.BUILDER].get("/api/v1/groups").json()] == [house.group_id]
        assert house.outside[Role.BUILDER].get("/api/v1/groups").json() == []

    def test_only_owners_manage_them(self, house: House) -> None:
        for sender in house.inside.values():
            assert sender.post("/api/v1/groups", json={"name": "x", "slug": "x"}).status_code == 403
            assert sender.delete(f"/api/v1/groups/{house.group_id}").status_code == 403
            assert sender.get(f"/api/v1/groups/{house.group_id}/members").status_code == 403

    def test_a_slug_is_taken_once(self, house: House) -> None:
        response = house.tenant.owner.post("/api/v1/groups", json={"name": "Again", "slug": "board"})
        assert (response.status_code, response.json()["type"]) == (409, "/problems/slug-taken")

    def test_a_group_is_renamed(self, house: House) -> None:
        path = f"/api/v1/groups/{house.group_id}"
        assert house.tenant.owner.patch(path, json={"name": "Directors"}).json()["name"] == "Directors"
        assert house.tenant.owner.get(path).json()["slug"] == "board"


class TestDeleting:
    def test_deleting_a_group_opens_nothing(self, house: House) -> None:
        assert house.tenant.owner.delete(f"/api/v1/groups/{house.group_id}").status_code == 204
        for sender in (*house.inside.values(), *house.outside.values()):
            assert document(sender, house) == 404
        shown = house.tenant.owner.get(f"/api/v1/documents/{house.document_id}").json()
        assert shown["group_ids"] == []


class TestGiving:
    def test_a_builder_in_the_group_may_open_and_close_a_document(self, house: House) -> None:
        builder, path = house.inside[Role.BUILDER], f"/api/v1/documents/{house.document_id}"
        assert builder.patch(path, json={"group_ids": None}).json()["group_ids"] is None
        assert document(house.outside[Role.VIEWER], house) == 200
        assert builder.patch(path, json={"group_ids": [house.group_id]}).status_code == 200
        assert document(house.outside[Role.VIEWER], house) == 404

    def test_nobody_gives_documents_to_groups_of_others(self, house: House) -> None:
        other = house.tenant.owner.post("/api/v1/groups", json={"name": "Council", "slug": "council"}).json()["id"]
        builder, path = house.inside[Role.BUILDER], f"/api/v1/documents/{house.document_id}"
        for wanted in ([other], [house.group_id, other], []):
            response = builder.patch(path, json={"group_ids": wanted})
            assert (response.status_code, response.json()["type"]) == (403, "/problems/groups-not-allowed")
        house.tenant.owner.patch(path, json={"group_ids": [house.group_id, other]})
        # It may be read, but taking it from the others is not this builder's to decide.
        assert builder.patch(path, json={"group_ids": [house.group_id]}).status_code == 403
        assert builder.patch(path, json={"group_ids": None}).status_code == 403

    def test_an_unknown_group_is_named(self, house: House) -> None:
        unknown = "00000000-0000-4000-8000-000000000000"
        path = f"/api/v1/documents/{house.document_id}"
        response = house.tenant.owner.patch(path, json={"group_ids": [unknown]})
        assert response.status_code == 404
        assert unknown in response.json()["detail"]

    def test_other_changes_leave_the_groups_alone(self, house: House) -> None:
        path = f"/api/v1/documents/{house.document_id}"
        changed = house.inside[Role.BUILDER].patch(path, json={"tags": ["payroll"]}).json()
        assert (changed["tags"], changed["group_ids"]) == (["payroll"], [house.group_id])


class TestUploading:
    def test_a_new_version_stays_restricted(self, house: House, stores: Stores) -> None:
        upload(house.tenant, house.file_name, f"# New\n\nThe {house.secret} agreement was cancelled.".encode())
        run_until_idle(stores, organization_id=house.tenant.organization.id)
        assert document(house.outside[Role.VIEWER], house) == 404
        assert house.inside[Role.VIEWER].get(f"/api/v1/documents/{house.document_id}").json()["version"] == 2
        listed = json.dumps(house.outside[Role.VIEWER].get("/api/v1/ingestions").json())
        assert house.secret not in listed

    def test_the_same_content_again_does_not_tell_its_name(self, house: House) -> None:
        shown = house.tenant.owner.get(f"/api/v1/documents/{house.document_id}").json()
        assert shown["group_ids"] == [house.group_id]
        give(house.tenant, house.file_name, "# Severance\n\nAnother text.")
        give(house.tenant, house.file_name, "# Severance\n\nAnother text.")
        assert house.secret not in house.outside[Role.VIEWER].get("/api/v1/ingestions").text

    def test_a_hidden_document_cannot_be_replaced_by_its_name(self, house: House) -> None:
        files = {"file": (house.file_name, b"# Mine\n\nNow I say what the agreement is.", "text/markdown")}
        path = f"/api/v1/knowledge-bases/{house.tenant.knowledge_base_id}/documents"
        response = house.outside[Role.BUILDER].post(path, files=files)
        assert (response.status_code, response.json()["type"]) == (409, "/problems/document-name-taken")
        assert house.inside[Role.VIEWER].get(f"/api/v1/documents/{house.document_id}").json()["version"] == 1

    def test_groups_of_others_are_refused_before_anything_is_kept(self, house: House) -> None:
        path = f"/api/v1/knowledge-bases/{house.tenant.knowledge_base_id}/documents"
        files = {"file": ("plan.md", b"# Plan\n\nNothing yet, but it will come.", "text/markdown")}
        data = {"metadata": json.dumps({"group_ids": [house.group_id]})}
        assert house.outside[Role.BUILDER].post(path, files=files, data=data).status_code == 403
        names = [one["name"] for one in house.tenant.owner.get(path).json()]
        assert "plan.md" not in names


class TestKeys:
    def test_a_key_reads_what_its_groups_may(self, house: House, api_url: str) -> None:
        body = {"name": "bot", "role": "viewer", "group_ids": [house.group_id]}
        made = house.tenant.owner.post("/api/v1/api-keys", json=body)
        assert made.json()["group_ids"] == [house.group_id]
        with client(api_url, made.json()["key"]) as program:
            assert document(program, house) == 200
            house.tenant.owner.delete(f"/api/v1/groups/{house.group_id}")
            assert document(program, house) == 404

    def test_an_unknown_group_is_refused(self, house: House, make_tenant: MakeTenant) -> None:
        theirs = make_tenant().owner.post("/api/v1/groups", json={"name": "Theirs", "slug": "theirs"}).json()["id"]
        body = {"name": "bot", "role": "viewer", "group_ids": [theirs]}
        assert house.tenant.owner.post("/api/v1/api-keys", json=body).status_code == 404


class TestIndexVersions:
    def test_a_builder_without_groups_builds_and_counts_all_documents(self, house: House) -> None:
        everything = house.tenant.owner.post("/api/v1/index-versions/estimate", json={}).json()
        outside = house.outside[Role.BUILDER].post("/api/v1/index-versions/estimate", json={}).json()
        assert (everything["documents"], outside["documents"]) == (2, 2)


class TestConcurrency:
    def test_two_people_at_once_never_see_with_the_others_eyes(self, house: House, owner: Engine, api_url: str) -> None:
        _, email = add_person(owner, house.tenant, Role.VIEWER)
        inside, body = house.inside[Role.VIEWER], {"query": house.secret, "limit": 5}
        with sign_in(api_url, house.tenant, email) as outside, ThreadPoolExecutor(8) as pool:

            def look(number: int) -> bool:
                is_inside = number % 2 == 0
                sender = inside if is_inside else outside
                if number % 3 == 0:
                    return (house.document_id in sender.post("/api/v1/search", json=body).text) == is_inside
                return (document(sender, house) == 200) == is_inside

            assert all(pool.map(look, range(120)))
