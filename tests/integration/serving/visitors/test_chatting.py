"""What a visitor may do, and that nothing of others is theirs."""

import uuid

import httpx2
import pytest

from storage.postgres.models.member import Role
from tests.integration.conftest import MakeTenant, Tenant, publish, visit
from tests.integration.conftest import ask as ask_as_member
from tests.integration.serving.conversations.talking import configure
from tests.integration.serving.conversations.test_answering import events
from tests.integration.serving.visitors.conftest import QUESTION, Visit
from tests.integration.serving.visitors.talking import ask, converse, say, turns

WISH = "I would like to talk to a human, please."


class TestChatting:
    def test_a_cited_answer_streams_and_is_read_again(self, visitor: httpx2.Client) -> None:
        conversation = converse(visitor)
        path = f"/api/v1/conversations/{conversation}/messages"
        found = events(visitor.post(path, json={"content": QUESTION, "stream": True}))
        assert "60 months" in found[-1][1]["content"]
        again = events(visitor.get(found[0][1]["stream_url"]))
        assert again[-1] == found[-1]
        assert [turn["role"] for turn in turns(visitor, conversation)] == ["user", "assistant"]
        (listed,) = visitor.get("/api/v1/conversations").json()
        assert (listed["id"], listed["asker"], listed["channel"]) == (conversation, "visitor", "web")

    def test_edited_tried_again_and_switched(self, visitor: httpx2.Client) -> None:
        first = ask(visitor, QUESTION)
        conversation = first["conversation_id"]
        edited = visitor.post(
            f"/api/v1/messages/{first['question_id']}/edit", json={"content": "And that of the K2 grinder?"}
        )
        assert "36 months" in edited.json()["content"]
        retried = visitor.post(f"/api/v1/messages/{edited.json()['message_id']}/retry", json={})
        assert retried.status_code == 200
        switched = visitor.post(
            f"/api/v1/conversations/{conversation}/branch", json={"message_id": first["message_id"]}
        )
        assert [turn["id"] for turn in switched.json()] == [first["question_id"], first["message_id"]]
        assert visitor.post(f"/api/v1/messages/{first['message_id']}/stop").status_code == 204

    def test_a_rating_is_the_visitors_own(self, published: Tenant, visitor: httpx2.Client) -> None:
        answer = ask(visitor, QUESTION)
        path = f"/api/v1/messages/{answer['message_id']}/feedback"
        for rating in (1, -1):
            assert visitor.put(path, json={"rating": rating, "comment": "hm"}).status_code == 200
        assert published.owner.put(path, json={"rating": 1}).status_code == 200
        assert turns(visitor, answer["conversation_id"])[-1]["rating"] == -1
        listed = published.owner.get("/api/v1/feedback").json()
        assert sorted(one["rating"] for one in listed) == [-1, 1]

    def test_words_ask_for_a_person_who_then_answers(self, published: Tenant, visitor: httpx2.Client) -> None:
        handover = ask(visitor, WISH)["handover"]
        agent = published.clients[Role.AGENT]
        (queued,) = agent.get("/api/v1/handovers").json()
        assert (queued["id"], queued["asker"]) == (handover["id"], "visitor")
        reply = agent.post(f"/api/v1/handovers/{handover['id']}/replies", json={"content": "Ada here."})
        assert reply.status_code == 201
        last = turns(visitor, handover["conversation_id"])[-1]
        assert (last["author"], last["content"]) == ("agent", "Ada here.")

    def test_the_button_asks_where_the_bot_hands_over(self, published: Tenant, visitor: httpx2.Client) -> None:
        path = f"/api/v1/conversations/{ask(visitor, QUESTION)['conversation_id']}/handover"
        configure(published, handover={"on_request": False})
        refused = visitor.post(path, json={})
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/handover-not-offered")
        configure(published, handover={"on_request": True})
        assert visitor.post(path, json={}).status_code == 201

    def test_conversations_without_a_word_do_not_pile_up(self, visitor: httpx2.Client) -> None:
        first = converse(visitor)
        assert converse(visitor) == first
        assert say(visitor, first, QUESTION).status_code == 200
        assert converse(visitor) != first

    @pytest.mark.parametrize("content", ["", "x" * 8001, "a\x00b"])
    def test_a_question_is_as_long_as_a_members(self, visitor: httpx2.Client, content: str) -> None:
        assert say(visitor, converse(visitor), content).status_code == 422

    def test_why_an_answer_failed_is_not_told(self, published: Tenant, visitor: httpx2.Client) -> None:
        budget = {
            "name": "Secret project", "scope": "chatbot", "subject_id": published.chatbot_id, "period": "day",
            "limit_answers": 1,
        }  # fmt: skip
        assert published.owner.post("/api/v1/budgets", json=budget).status_code == 201
        conversation = ask(visitor, QUESTION)["conversation_id"]
        refused = say(visitor, conversation, "How long is the warranty of the K2 grinder?")
        assert (refused.status_code, refused.json()["type"]) == (429, "/problems/bot-unavailable")
        assert "Secret" not in refused.text
        assert "udget" not in refused.text
        last = turns(visitor, conversation)[-1]
        assert (last["state"], last["error_type"]) == ("failed", None)
        shown = published.owner.get(f"/api/v1/conversations/{conversation}/messages").json()
        assert shown[-1]["error_type"] == "BudgetExceededError"


class TestOthers:
    def test_conversations_of_others_look_unknown(self, published: Tenant, begin: Visit) -> None:
        mine, other = begin(), begin()
        theirs = ask(other, QUESTION)["conversation_id"]
        members = ask_as_member(published, QUESTION)["conversation_id"]
        for conversation in (theirs, members):
            answers = [mine.get(f"/api/v1/conversations/{name}/messages") for name in (conversation, str(uuid.uuid4()))]
            assert answers[0].status_code == 404
            assert answers[0].json() == answers[1].json()
            assert say(mine, conversation, QUESTION).status_code == 404
        assert mine.get("/api/v1/conversations").json() == []

    def test_members_see_a_visitors_conversation_by_their_role(self, published: Tenant, visitor: httpx2.Client) -> None:
        conversation = ask(visitor, QUESTION)["conversation_id"]
        for role, sender in published.clients.items():
            seen = sender.get(f"/api/v1/conversations/{conversation}").status_code
            assert seen == (404 if role is Role.VIEWER else 200), role
        assert published.owner.get(f"/api/v1/conversations/{conversation}").json()["asker"] == "visitor"

    def test_other_bots_look_unknown(self, published: Tenant, visitor: httpx2.Client, make_tenant: MakeTenant) -> None:
        second = published.owner.post("/api/v1/chatbots", json={"name": "Second", "slug": "second"}).json()["id"]
        stranger = make_tenant()
        for tenant, bot in ((published, second), (stranger, stranger.chatbot_id)):
            tenant.owner.patch(f"/api/v1/chatbots/{bot}", json={"access": "anyone"})
        refused = [
            visitor.post("/api/v1/conversations", json={"chatbot_id": bot})
            for bot in (second, stranger.chatbot_id, str(uuid.uuid4()))
        ]
        assert [one.status_code for one in refused] == [404] * 3
        assert len({one.text for one in refused}) == 1

    def test_two_organizations_are_apart(
        self, api_url: str, published: Tenant, visitor: httpx2.Client, make_tenant: MakeTenant
    ) -> None:
        answer = ask(visitor, QUESTION)
        elsewhere = make_tenant()
        publish(elsewhere)
        with visit(api_url, elsewhere.chatbot_id) as stranger:
            for path in (
                f"/api/v1/conversations/{answer['conversation_id']}/messages",
                f"/api/v1/messages/{answer['message_id']}/citations",
                answer["citations"][0]["url"],
            ):
                assert stranger.get(path).status_code == 404, path
                # The other organization's header opens nothing either.
                named = stranger.get(path, headers={"X-Organization": str(published.organization.id)})
                assert named.status_code == 404, path
            refused = ask(stranger, QUESTION)
            assert "60 months" not in refused["content"]
            assert refused["related"] == []
