"""A visitor waits for a person in one place, and pushes nobody out of the queue."""

import httpx2

from storage.postgres.models.member import Role
from tests.integration.conftest import Tenant, start_conversation
from tests.integration.serving.conversations.talking import configure
from tests.integration.serving.conversations.talking import say as say_as_member
from tests.integration.serving.visitors.conftest import QUESTION, Visit
from tests.integration.serving.visitors.talking import ask, converse, say

WISH = "I would like to talk to a human, please."


def button(visitor: httpx2.Client, conversation: str) -> httpx2.Response:
    return visitor.post(f"/api/v1/conversations/{conversation}/handover", json={"note": "urgent"})


class TestOneAtATime:
    def test_the_button_asks_in_one_conversation(self, published: Tenant, visitor: httpx2.Client) -> None:
        first, second = (ask(visitor, QUESTION)["conversation_id"] for _ in range(2))
        asked = button(visitor, first)
        assert asked.status_code == 201
        assert button(visitor, first).json()["id"] == asked.json()["id"]
        refused = button(visitor, second)
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/handover-elsewhere")
        published.clients[Role.AGENT].post(f"/api/v1/handovers/{asked.json()['id']}/resolve")
        assert button(visitor, second).status_code == 201

    def test_words_in_a_second_one_are_answered_by_the_bot(self, published: Tenant, visitor: httpx2.Client) -> None:
        assert ask(visitor, WISH)["handover"]
        second = ask(visitor, WISH)
        assert second["handover"] is None
        assert second["receipt_url"]
        configure(published, handover={"after_refusals": 1})
        assert ask(visitor, "Who composed the opera Fidelio?")["handover"] is None
        assert len(published.owner.get("/api/v1/handovers").json()) == 1

    def test_nothing_is_handed_over_before_anything_was_said(self, visitor: httpx2.Client) -> None:
        conversation = converse(visitor)
        refused = button(visitor, conversation)
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/nothing-to-hand-over")
        assert say(visitor, conversation, QUESTION).status_code == 200
        assert button(visitor, conversation).status_code == 201


class TestQueue:
    def test_members_come_before_visitors_and_ones_own_before_all(self, published: Tenant, begin: Visit) -> None:
        of_visitors = [ask(begin(), WISH)["handover"]["id"] for _ in range(3)]
        of_member = say_as_member(published, start_conversation(published, role=Role.VIEWER), WISH)["handover"]["id"]
        agent = published.clients[Role.AGENT]
        assert [one["id"] for one in agent.get("/api/v1/handovers").json()] == [of_member, *of_visitors]
        pages = [
            [one["id"] for one in agent.get("/api/v1/handovers", params={"limit": 2, "offset": offset}).json()]
            for offset in (0, 2, 4)
        ]
        assert pages == [[of_member, of_visitors[0]], of_visitors[1:], []]
        agent.post(f"/api/v1/handovers/{of_visitors[1]}/take")
        mine_first = [of_visitors[1], of_member, of_visitors[0], of_visitors[2]]
        assert [one["id"] for one in agent.get("/api/v1/handovers").json()] == mine_first
        assert agent.get("/api/v1/handovers", params={"limit": 201}).status_code == 422
