"""Visitors are in no group: a restricted document is never read for them."""

import pytest

from storage.postgres.models.member import Role
from tests.integration.conftest import publish, visit
from tests.integration.serving.groups.conftest import House
from tests.integration.serving.visitors.talking import ask


@pytest.fixture
def open_house(house: House) -> House:
    """A house whose bot is published to anyone."""
    publish(house.tenant)
    return house


class TestVisitors:
    def test_a_restricted_document_is_never_read_for_them(self, api_url: str, open_house: House) -> None:
        tenant, member = open_house.tenant, open_house.inside[Role.VIEWER]
        question = f"How many months of severance does the {open_house.secret} agreement grant?"
        started = member.post("/api/v1/conversations", json={"chatbot_id": tenant.chatbot_id}).json()["id"]
        known = member.post(f"/api/v1/conversations/{started}/messages", json={"content": question}).json()
        assert "nine months" in known["content"]
        with visit(api_url, tenant.chatbot_id) as visitor:
            answer = ask(visitor, question)
            assert "nine months" not in answer["content"]
            assert open_house.file_name not in str(answer)
            for citation in known["citations"]:
                assert visitor.get(citation["url"]).status_code == 404

    def test_what_is_restricted_later_is_gone_at_once(self, api_url: str, open_house: House) -> None:
        tenant = open_house.tenant
        with visit(api_url, tenant.chatbot_id) as visitor:
            answer = ask(visitor, "When does the canteen serve lunch?")
            cited = answer["citations"][0]
            assert visitor.get(cited["url"]).status_code == 200
            path = f"/api/v1/documents/{cited['document_id']}"
            assert tenant.owner.patch(path, json={"group_ids": [open_house.group_id]}).status_code == 200
            assert visitor.get(cited["url"]).status_code == 404
            assert visitor.get(f"/api/v1/messages/{answer['message_id']}/citations").json() == []
            assert "eleven thirty" not in ask(visitor, "When is lunch in the canteen?")["content"]
