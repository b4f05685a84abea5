"""Branches: an edited question and an answer tried again stand beside the old ones."""

import uuid

from storage.postgres.models.member import Role
from tests.integration.conftest import MakeTenant, Tenant, start_conversation
from tests.integration.serving.conversations.talking import say, turns

K2 = "How long is the warranty of the K2 grinder?"
K5 = "How long is the warranty of the K5 grinder?"


class TestEdit:
    def test_the_old_question_stays_and_the_new_branch_is_shown(self, informed: Tenant) -> None:
        conversation = start_conversation(informed, role=Role.VIEWER)
        old = say(informed, conversation, K2)
        edited = informed.viewer.post(f"/api/v1/messages/{old['question_id']}/edit", json={"content": K5})
        assert edited.status_code == 200, edited.text
        assert "60 months" in edited.json()["content"]
        shown = turns(informed, conversation)
        assert [turn["content"] for turn in shown if turn["role"] == "user"] == [K5]
        assert (shown[0]["sibling"], shown[0]["siblings"]) == (2, 2)
        tree = turns(informed, conversation, branch="all")
        assert {turn["content"] for turn in tree if turn["role"] == "user"} == {K2, K5}
        assert {turn["id"] for turn in tree if turn["is_active"]} == {turn["id"] for turn in shown}

    def test_what_was_said_on_the_other_branch_is_not_remembered(self, informed: Tenant) -> None:
        conversation = start_conversation(informed, role=Role.VIEWER)
        first = say(informed, conversation, K2)
        say(informed, conversation, "Is return shipping free?")
        informed.viewer.post(f"/api/v1/messages/{first['question_id']}/edit", json={"content": K5})
        receipt = informed.viewer.get(say(informed, conversation, "and in winter?")["receipt_url"]).json()
        assert receipt["standalone_question"] == "How long is the warranty of the K5 grinder, in winter?"

    def test_an_answer_cannot_be_edited(self, informed: Tenant) -> None:
        answer = say(informed, start_conversation(informed, role=Role.VIEWER), K2)
        response = informed.viewer.post(f"/api/v1/messages/{answer['message_id']}/edit", json={"content": "x"})
        assert (response.status_code, response.json()["type"]) == (409, "/problems/not-a-question")

    def test_of_another_member_it_is_unknown(self, informed: Tenant, make_tenant: MakeTenant) -> None:
        answer = say(informed, start_conversation(informed, role=Role.OWNER), K2, role=Role.OWNER)
        for stranger in (informed.viewer, make_tenant().owner):
            path = f"/api/v1/messages/{answer['question_id']}/edit"
            assert stranger.post(path, json={"content": "x"}).status_code == 404


class TestRetry:
    def test_it_answers_anew_beside_the_old_answer(self, informed: Tenant) -> None:
        conversation = start_conversation(informed, role=Role.VIEWER)
        old = say(informed, conversation, K2)
        with informed.viewer.stream(
            "POST", f"/api/v1/messages/{old['message_id']}/retry", json={"stream": True}
        ) as stream:
            assert "event: answer.completed" in stream.read().decode()
        shown = turns(informed, conversation)
        assert [turn["siblings"] for turn in shown] == [1, 2]
        assert shown[1]["id"] != old["message_id"]
        receipt = informed.viewer.get(f"/api/v1/messages/{shown[1]['id']}/receipt").json()
        assert "cache" not in receipt["guard_decisions"]

    def test_a_question_cannot_be_tried_again(self, informed: Tenant) -> None:
        answer = say(informed, start_conversation(informed, role=Role.VIEWER), K2)
        response = informed.viewer.post(f"/api/v1/messages/{answer['question_id']}/retry", json={})
        assert (response.status_code, response.json()["type"]) == (409, "/problems/not-an-answer")


class TestSwitch:
    def test_the_other_branch_is_shown_to_its_end_and_gone_on_with(self, informed: Tenant) -> None:
        conversation = start_conversation(informed, role=Role.VIEWER)
        first = say(informed, conversation, K2)
        say(informed, conversation, "Is return shipping free?")
        before = turns(informed, conversation)
        informed.viewer.post(f"/api/v1/messages/{first['question_id']}/edit", json={"content": K5})
        path = f"/api/v1/conversations/{conversation}/branch"
        back = informed.viewer.post(path, json={"message_id": first["question_id"]}).json()
        assert [turn["id"] for turn in back] == [turn["id"] for turn in before]
        say(informed, conversation, "Until when may I send it back?")
        assert len(turns(informed, conversation)) == len(before) + 2

    def test_only_who_began_it_moves_what_it_goes_on_with(self, informed: Tenant) -> None:
        conversation = start_conversation(informed, role=Role.VIEWER)
        first = say(informed, conversation, K2)
        informed.viewer.post(f"/api/v1/messages/{first['question_id']}/edit", json={"content": K5})
        before = turns(informed, conversation)
        path = f"/api/v1/conversations/{conversation}/branch"
        refused = informed.owner.post(path, json={"message_id": first["question_id"]})
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/others-conversation")
        assert turns(informed, conversation) == before

    def test_a_turn_of_another_conversation_is_unknown(self, informed: Tenant) -> None:
        one, other = (start_conversation(informed, role=Role.VIEWER) for _ in range(2))
        answer = say(informed, one, K2)
        for message_id in (answer["message_id"], str(uuid.uuid4())):
            response = informed.viewer.post(f"/api/v1/conversations/{other}/branch", json={"message_id": message_id})
            assert response.status_code == 404
