"""Bots over HTTP."""

import uuid

import pytest
from sqlalchemy import Engine

from serving.bots.seeding import seed_reference_data
from storage.postgres.session import owner_session
from tests.integration.conftest import Tenant, ask


@pytest.fixture
def seeded(owner: Engine) -> None:
    with owner_session(owner) as session:
        seed_reference_data(session)


@pytest.mark.usefixtures("seeded")
class TestTemplates:
    def test_the_eight_experts_are_there(self, tenant: Tenant) -> None:
        found = {t["template_id"] for t in tenant.viewer.get("/api/v1/chatbots/templates").json()}
        assert {"hr-people-ops-expert-v1", "digital-business-think-tank-v1"} <= found
        legal = tenant.viewer.get("/api/v1/chatbots/templates", params={"category": "legal"}).json()
        assert [t["template_id"] for t in legal] == ["legal-consultant-expert-v1"]

    def test_one_shows_its_configuration(self, tenant: Tenant) -> None:
        template = tenant.viewer.get("/api/v1/chatbots/templates/hr-people-ops-expert-v1").json()
        assert template["ai_config"]["system_prompt"]
        assert template["conversation_config"]["welcome_message"]

    def test_an_unknown_one_is_a_404(self, tenant: Tenant) -> None:
        assert tenant.viewer.get("/api/v1/chatbots/templates/nobody").status_code == 404

    def test_a_bot_takes_what_the_request_leaves_out(self, tenant: Tenant) -> None:
        body = {"name": "People", "slug": "people", "template_id": "hr-people-ops-expert-v1", "system_prompt": "Mine."}
        bot = tenant.owner.post("/api/v1/chatbots", json=body).json()
        template = tenant.owner.get("/api/v1/chatbots/templates/hr-people-ops-expert-v1").json()
        assert bot["config"]["system_prompt"] == "Mine."
        assert bot["config"]["welcome_message"] == template["conversation_config"]["welcome_message"]
        assert bot["template_id"] == template["id"]
        started = tenant.owner.post("/api/v1/conversations", json={"chatbot_id": bot["id"]}).json()
        assert started["welcome_message"] == bot["config"]["welcome_message"]


class TestVersions:
    def test_a_change_makes_a_version_and_answers_name_theirs(self, informed: Tenant) -> None:
        before = ask(informed, "How long is the warranty of the K5 grinder?")
        path = f"/api/v1/chatbots/{informed.chatbot_id}"
        changed = informed.owner.patch(path, json={"retrieval": {"limit": 2}}).json()
        after = ask(informed, "How long is the warranty of the K5 grinder?")
        first, second = (informed.owner.get(a["receipt_url"]).json() for a in (before, after))
        assert changed["version"] == 2
        assert (first["chatbot_version"], second["chatbot_version"]) == (1, 2)
        assert second["retrieval_settings"]["limit"] == 2
        assert len(second["passages"]) <= 2

    def test_going_back_is_the_old_version_again(self, tenant: Tenant) -> None:
        path = f"/api/v1/chatbots/{tenant.chatbot_id}"
        first = tenant.owner.get(path).json()
        tenant.owner.patch(path, json={"system_prompt": "Other."})
        again = tenant.owner.patch(path, json={"system_prompt": first["config"]["system_prompt"]}).json()
        assert (again["version"], again["version_id"]) == (1, first["version_id"])

    def test_an_archived_knowledge_base_blocks_no_other_change(self, tenant: Tenant) -> None:
        made = [tenant.owner.post("/api/v1/knowledge-bases", json={"name": n, "slug": n}).json()["id"] for n in "ab"]
        path = f"/api/v1/chatbots/{tenant.chatbot_id}"
        assert tenant.owner.patch(path, json={"knowledge_base_ids": made[:1]}).status_code == 200
        for one in made:
            assert tenant.owner.delete(f"/api/v1/knowledge-bases/{one}").status_code == 204
        changed = tenant.owner.patch(path, json={"system_prompt": "Other."})
        assert changed.status_code == 200, changed.text
        assert changed.json()["config"]["knowledge_base_ids"] == made[:1]
        # One that the bot did not have is not taken, nor one that it gave up.
        refused = tenant.owner.patch(path, json={"knowledge_base_ids": made})
        assert refused.json()["type"] == "/problems/unknown-knowledge-base"
        assert made[1] in refused.json()["detail"]
        assert made[0] not in refused.json()["detail"]
        assert tenant.owner.patch(path, json={"knowledge_base_ids": []}).status_code == 200
        assert tenant.owner.patch(path, json={"knowledge_base_ids": made[:1]}).status_code == refused.status_code

    def test_a_name_is_no_configuration(self, tenant: Tenant) -> None:
        changed = tenant.owner.patch(f"/api/v1/chatbots/{tenant.chatbot_id}", json={"name": "Renamed"}).json()
        assert (changed["name"], changed["version"]) == ("Renamed", 1)


class TestChatbots:
    def test_a_taken_slug_is_a_conflict(self, tenant: Tenant) -> None:
        response = tenant.owner.post("/api/v1/chatbots", json={"name": "x", "slug": "assistant"})
        assert (response.status_code, response.json()["type"]) == (409, "/problems/slug-taken")

    def test_unknown_ones_are_404(self, tenant: Tenant) -> None:
        path = f"/api/v1/chatbots/{uuid.uuid4()}"
        assert tenant.owner.get(path).status_code == 404
        assert tenant.owner.patch(path, json={}).status_code == 404
        assert tenant.owner.delete(path).status_code == 404
        missing = {"name": "x", "slug": "x", "template_id": "nobody"}
        assert tenant.owner.post("/api/v1/chatbots", json=missing).status_code == 404
        assert tenant.owner.post("/api/v1/conversations", json={"chatbot_id": str(uuid.uuid4())}).status_code == 404
