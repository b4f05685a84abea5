"""The bot is asked by who began a conversation: an answer to somebody else would show its asker what only they may read."""

import uuid

import httpx2
import pytest
from sqlalchemy import Engine

from storage.postgres.models.member import Role
from storage.postgres.models.message import Message
from storage.postgres.session import owner_session
from tests.integration.conftest import Tenant
from tests.integration.serving.groups.conftest import House, house
from tests.integration.serving.visitors.conftest import QUESTION

__all__ = ["house"]

PROBLEM = (403, "/problems/others-conversation")
UNKNOWN = 404


def told(response: httpx2.Response) -> tuple[int, str]:
    return response.status_code, response.json()["type"]


def asked(sender: httpx2.Client, tenant: Tenant, question: str = QUESTION) -> dict[str, str]:
    """A conversation of somebody with one answer in it."""
    started = sender.post("/api/v1/conversations", json={"chatbot_id": tenant.chatbot_id}).json()["id"]
    answer = sender.post(f"/api/v1/conversations/{started}/messages", json={"content": question})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def interrupt(owner: Engine, tenant: Tenant, answer: dict[str, str]) -> uuid.UUID:
    """An answer beside another one that broke off."""
    fresh = uuid.uuid4()
    with owner_session(owner) as session:
        session.add(
            Message(
                id=fresh, organization_id=tenant.organization.id, conversation_id=uuid.UUID(answer["conversation_id"]),
                parent_id=uuid.UUID(answer["question_id"]), ordinal=1, variant=1, role="assistant",
                state="interrupted", content="Half",
            )
        )  # fmt: skip
    return fresh


def tries(sender: httpx2.Client, answer: dict[str, str], broken: uuid.UUID) -> list[httpx2.Response]:
    """Asking, editing, trying again and beginning again."""
    return [
        sender.post(f"/api/v1/conversations/{answer['conversation_id']}/messages", json={"content": QUESTION}),
        sender.post(f"/api/v1/messages/{answer['question_id']}/edit", json={"content": QUESTION}),
        sender.post(f"/api/v1/messages/{answer['message_id']}/retry", json={}),
        sender.get(f"/api/v1/messages/{broken}/stream"),
    ]


class TestPrograms:
    @pytest.mark.parametrize("role", [Role.OWNER, Role.BUILDER, Role.ANALYST, Role.AGENT])
    def test_who_may_read_it_asks_nothing_there(self, informed: Tenant, owner: Engine, role: Role) -> None:
        answer = asked(informed.viewer, informed)
        broken = interrupt(owner, informed, answer)
        sender = informed.clients[role]
        assert [told(one) for one in tries(sender, answer, broken)] == [PROBLEM] * 4
        listed = sender.get(f"/api/v1/conversations/{answer['conversation_id']}/messages", params={"branch": "all"})
        assert [one["state"] for one in listed.json()] == ["complete", "complete", "interrupted"]

    def test_who_may_not_read_it_finds_nothing(self, informed: Tenant, owner: Engine) -> None:
        answer = asked(informed.owner, informed)
        broken = interrupt(owner, informed, answer)
        assert [one.status_code for one in tries(informed.viewer, answer, broken)] == [UNKNOWN] * 4

    @pytest.mark.parametrize("role", list(Role))
    def test_who_began_it_does_all_of_it(self, informed: Tenant, owner: Engine, role: Role) -> None:
        answer = asked(informed.clients[role], informed)
        broken = interrupt(owner, informed, answer)
        assert [one.status_code for one in tries(informed.clients[role], answer, broken)] == [200] * 4


class TestMembers:
    def test_a_member_of_a_group_shows_nothing_of_it_to_who_asks_outside(self, house: House) -> None:
        question = f"How many months of severance does the {house.secret} agreement grant?"
        outside, inside = house.outside[Role.VIEWER], house.inside[Role.BUILDER]
        answer = asked(outside, house.tenant, question)
        refused = inside.post(f"/api/v1/messages/{answer['message_id']}/retry", json={})
        assert told(refused) == PROBLEM
        listed = outside.get(f"/api/v1/conversations/{answer['conversation_id']}/messages", params={"branch": "all"})
        assert len(listed.json()) == 2
        assert "nine months" not in listed.text

    def test_a_key_of_an_owner_asks_nothing_in_a_conversation_of_a_member(self, house: House) -> None:
        answer = asked(house.inside[Role.VIEWER], house.tenant)
        path = f"/api/v1/conversations/{answer['conversation_id']}/messages"
        assert told(house.tenant.owner.post(path, json={"content": QUESTION})) == PROBLEM
        assert house.inside[Role.VIEWER].post(path, json={"content": QUESTION}).status_code == 200

    def test_the_refusal_says_what_to_do_and_that_works(self, informed: Tenant) -> None:
        answer = asked(informed.viewer, informed)
        conversation, agent = answer["conversation_id"], informed.clients[Role.AGENT]
        path = f"/api/v1/conversations/{conversation}/messages"
        refused = agent.post(path, json={"content": QUESTION}).json()
        assert "take it, and reply" in refused["title"]
        # Reading, asking for the hand-over, taking it and replying stay.
        assert len(agent.get(path).json()) == 2
        assert agent.get(answer["receipt_url"]).status_code == 200
        assert agent.get(f"/api/v1/messages/{answer['message_id']}/stream").status_code == 200
        handover = agent.post(f"/api/v1/conversations/{conversation}/handover", json={}).json()["id"]
        assert agent.post(f"/api/v1/handovers/{handover}/take").status_code == 200
        assert agent.post(f"/api/v1/handovers/{handover}/replies", json={"content": "Ada here."}).status_code == 201
        assert informed.viewer.get(path).json()[-1]["content"] == "Ada here."
        # Who has taken it replies as a person, and still does not ask in the place of whose conversation it is.
        assert told(agent.post(path, json={"content": QUESTION})) == PROBLEM
        assert informed.viewer.post(path, json={"content": "Hello Ada"}).json()["handover"]["state"] == "assigned"
