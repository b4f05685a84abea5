"""What is understood of a question is kept with the receipt of its answer, and takes nothing from the answer."""

import json
from typing import Any

from sqlalchemy import Engine, text

from storage.postgres.session import owner_session
from tests.factories.intents import labelled
from tests.integration.conftest import Tenant, ask, start_conversation
from tests.integration.serving.conversations.talking import configure, say

QUESTION = (
    "I am very unhappy, how long is the warranty of the K5 grinder? Write to ada@example.com about order AB-12345."
)


def understood(tenant: Tenant, answer: Any) -> Any:
    """What the receipt of an answer keeps."""
    return tenant.owner.get(answer["receipt_url"]).json()["understanding"]


def teach(tenant: Tenant) -> None:
    """Train the bot's intents."""
    path = f"/api/v1/chatbots/{tenant.chatbot_id}/intents"
    assert tenant.owner.post(f"{path}/examples", json={"examples": labelled()}).status_code == 201
    assert tenant.owner.post(f"{path}/train").status_code == 201


class TestReceipt:
    def test_it_keeps_language_sentiment_and_places_of_entities_but_no_word(self, informed: Tenant) -> None:
        found = understood(informed, ask(informed, QUESTION))
        assert (found["language"], found["sentiment"]["label"]) == ("en", "negative")
        assert found["language_confidence"] > 0.9
        for kind, written in (("email", "ada@example.com"), ("order_number", "AB-12345")):
            (place,) = [one for one in found["entities"] if one["kind"] == kind]
            assert QUESTION[place["start"] : place["end"]] == written
            assert written not in json.dumps(found)
        assert found["unavailable"] == {"intent": "not_trained", "names": "off"}
        assert {"language", "entities", "sentiment"} <= set(found["latencies_ms"])

    def test_with_intents_one_is_told_and_a_stranger_is_out_of_scope(self, informed: Tenant) -> None:
        teach(informed)
        told = understood(informed, ask(informed, "Where is my order?"))
        assert (told["intent"], told["is_out_of_scope"]) == ("track_order", False)
        assert told["intent_confidence"] >= told["intent_threshold"]
        strange = understood(informed, ask(informed, "Explain the theory of relativity"))
        assert (strange["intent"], strange["is_out_of_scope"]) == (None, True)

    def test_the_vector_of_the_search_tells_the_intent(self, informed: Tenant) -> None:
        teach(informed)
        found = understood(informed, ask(informed, "Where is my order?"))
        assert "intent" in found["latencies_ms"]
        assert "embedding" not in found["latencies_ms"]

    def test_a_follow_up_has_the_intent_of_what_it_stands_for(self, informed: Tenant) -> None:
        teach(informed)
        conversation = start_conversation(informed)
        role = next(role for role, client in informed.clients.items() if client is informed.owner)
        say(informed, conversation, "When are you open?", role=role)
        found = understood(informed, say(informed, conversation, "and on Sunday?", role=role))
        assert found["intent"] == "opening_hours"

    def test_a_refusal_is_understood_as_well(self, tenant: Tenant) -> None:
        assert understood(tenant, ask(tenant, "How long is the warranty?"))["language"] == "en"


class TestOff:
    def test_a_bot_may_do_without(self, informed: Tenant) -> None:
        configure(informed, language={"understands_questions": False})
        answer = ask(informed, "How long is the warranty of the K5 grinder?")
        assert "60 months" in answer["content"]
        receipt = informed.owner.get(answer["receipt_url"]).json()
        assert (receipt["understanding"], receipt["language"]) == (None, "en")


class TestFailure:
    def test_an_intent_model_that_cannot_be_read_costs_the_understanding_and_not_the_answer(
        self, informed: Tenant, owner: Engine
    ) -> None:
        teach(informed)
        with owner_session(owner) as session:
            session.execute(
                text("UPDATE intent_models SET weights = 'rubbish' WHERE chatbot_id = :id"), {"id": informed.chatbot_id}
            )
        answer = ask(informed, "How long is the warranty of the K5 grinder?")
        assert "60 months" in answer["content"]
        assert understood(informed, answer) is None
