"""Memory over HTTP: follow-up questions, facts, topics, summaries."""

import time

from sqlalchemy import Engine, select

from storage.postgres.models.conversation_summary import ConversationSummary
from storage.postgres.models.member import Role
from storage.postgres.session import owner_session
from tests.integration.conftest import MakeTenant, Tenant, start_conversation
from tests.integration.serving.conversations.talking import say, turns

K2 = "How long is the warranty of the K2 grinder?"


def facts(tenant: Tenant, conversation_id: str) -> list[tuple[str, str, bool]]:
    found = tenant.viewer.get(f"/api/v1/conversations/{conversation_id}/facts").json()
    return [(one["kind"], one["text"], one["valid_until"] is None) for one in found]


class TestFollowUps:
    def test_one_is_answered_by_what_it_leans_on(self, informed: Tenant) -> None:
        conversation = start_conversation(informed, role=Role.VIEWER)
        say(informed, conversation, K2)
        answer = say(informed, conversation, "and what about the K5?")
        assert "60 months" in answer["content"]
        receipt = informed.viewer.get(answer["receipt_url"]).json()
        assert receipt["question"] == "and what about the K5?"
        assert receipt["standalone_question"] == "How long is the warranty of the K5 grinder?"
        assert receipt["guard_decisions"]["memory"]["rewriting"]["method"] == "rules"

    def test_one_that_stands_alone_stays_as_it_is(self, informed: Tenant) -> None:
        conversation = start_conversation(informed, role=Role.VIEWER)
        say(informed, conversation, K2)
        answer = say(informed, conversation, "Is return shipping free for members of the Green Club?")
        assert informed.viewer.get(answer["receipt_url"]).json()["standalone_question"] is None

    def test_another_conversation_lends_nothing(self, informed: Tenant) -> None:
        say(informed, start_conversation(informed, role=Role.VIEWER), K2)
        answer = say(informed, start_conversation(informed, role=Role.VIEWER), "and what about the K5?")
        assert informed.viewer.get(answer["receipt_url"]).json()["standalone_question"] is None


class TestFacts:
    def test_a_newer_name_ends_the_older(self, tenant: Tenant) -> None:
        conversation = start_conversation(tenant, role=Role.VIEWER)
        say(tenant, conversation, "My name is Ada Lovelace and my order number is PX-1234.")
        say(tenant, conversation, "Sorry, my name is Grace Hopper.")
        assert sorted(facts(tenant, conversation)) == [
            ("name", "Ada Lovelace", False),
            ("name", "Grace Hopper", True),
            ("order_number", "PX-1234", True),
        ]

    def test_one_or_all_can_be_forgotten(self, tenant: Tenant) -> None:
        conversation = start_conversation(tenant, role=Role.VIEWER)
        say(tenant, conversation, "My name is Ada Lovelace and my order number is PX-1234.")
        path = f"/api/v1/conversations/{conversation}/facts"
        listed = tenant.viewer.get(path).json()
        assert tenant.viewer.delete(f"{path}/{listed[0]['id']}").status_code == 204
        assert tenant.viewer.delete(f"{path}/{listed[0]['id']}").status_code == 404
        assert tenant.viewer.delete(path).status_code == 204
        assert facts(tenant, conversation) == []

    def test_nobody_else_sees_them(self, tenant: Tenant, make_tenant: MakeTenant) -> None:
        conversation = start_conversation(tenant, role=Role.OWNER)
        say(tenant, conversation, "My name is Ada Lovelace.", role=Role.OWNER)
        for stranger in (tenant.viewer, make_tenant().owner):
            assert stranger.get(f"/api/v1/conversations/{conversation}/facts").status_code == 404


class TestTopics:
    def test_questions_that_belong_together_are_one(self, informed: Tenant) -> None:
        conversation = start_conversation(informed, role=Role.VIEWER)
        for question in (
            K2,
            "What does shipping a parcel to Portugal cost?",
            "back to the warranty: does it cover K5?",
        ):
            say(informed, conversation, question)
        found = informed.viewer.get(f"/api/v1/conversations/{conversation}/topics").json()
        assert [(len(one["message_ids"]), one["is_current"]) for one in found] == [(2, True), (1, False)]
        assert found[0]["label"] == K2


class TestSummaries:
    def test_what_leaves_the_window_is_kept_with_its_source(self, informed: Tenant, owner: Engine) -> None:
        conversation = start_conversation(informed, role=Role.VIEWER)
        for number in range(11):
            say(informed, conversation, f"My grinder number {number} makes a strange noise, is it under warranty?")
        deadline = time.monotonic() + 20
        rows: list[ConversationSummary] = []
        while not rows and time.monotonic() < deadline:
            with owner_session(owner) as session:
                statement = select(ConversationSummary).where(ConversationSummary.conversation_id == conversation)
                rows = list(session.scalars(statement))
        assert rows[0].method == "extractive"
        ids = {turn["id"] for turn in turns(informed, conversation)}
        assert 1 <= len(rows[0].sentences) <= 6
        assert {sentence["message_id"] for sentence in rows[0].sentences} <= ids
