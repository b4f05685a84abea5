"""A bot with a model: follow-ups are rewritten and facts are learnt through it, and both are charged."""

import time
from typing import Any

from benchmarks.serving.upstreams.faults import Behaviour, Fault
from benchmarks.serving.upstreams.server import Upstream
from storage.postgres.models.member import Role
from tests.integration.conftest import Tenant, start_conversation
from tests.integration.serving.conversations.talking import say
from tests.integration.serving.models.conftest import add_model, connect, route

K2 = "How long is the warranty of the K2 grinder?"


def standalone(tenant: Tenant, answer: Any) -> tuple[str, str]:
    """What was searched for, and who rewrote it."""
    receipt = tenant.viewer.get(answer["receipt_url"]).json()
    return receipt["standalone_question"], receipt["guard_decisions"]["memory"]["rewriting"]["method"]


class TestRewriting:
    def test_the_model_is_asked_and_believed_when_it_adds_no_figure(self, informed: Tenant, vllm: Upstream) -> None:
        route(informed, add_model(informed, connect(informed, vllm)))
        conversation = start_conversation(informed, role=Role.VIEWER)
        say(informed, conversation, K2)
        vllm.behave(Behaviour(words=("How long does the K5 ", "keep its warranty?")))
        answer = say(informed, conversation, "what about the K5?")
        assert standalone(informed, answer) == ("How long does the K5 keep its warranty?", "model")
        asked = vllm.received[-2].body["messages"]
        assert "what about the K5?" in asked[-1]["content"]

    def test_one_that_brings_figures_of_its_own_is_dropped(self, informed: Tenant, vllm: Upstream) -> None:
        route(informed, add_model(informed, connect(informed, vllm)))
        conversation = start_conversation(informed, role=Role.VIEWER)
        say(informed, conversation, K2)
        vllm.behave(Behaviour(words=("Is the K5 warranty 99 months?",)))
        answer = say(informed, conversation, "what about the K5?")
        assert standalone(informed, answer) == ("How long is the warranty of the K5 grinder?", "rules")

    def test_without_an_answer_the_rules_do(self, informed: Tenant, vllm: Upstream) -> None:
        route(informed, add_model(informed, connect(informed, vllm)))
        conversation = start_conversation(informed, role=Role.VIEWER)
        say(informed, conversation, K2)
        vllm.behave(Behaviour(Fault.BROKEN))
        answer = say(informed, conversation, "what about the K5?")
        assert standalone(informed, answer) == ("How long is the warranty of the K5 grinder?", "rules")


class TestFacts:
    def test_only_what_was_said_word_for_word_is_kept(self, informed: Tenant, vllm: Upstream) -> None:
        route(informed, add_model(informed, connect(informed, vllm)))
        told = '{"facts": [{"kind": "other", "text": "two cats"}, {"kind": "name", "text": "Mallory"}]}'
        vllm.behave(Behaviour(words=(told,)))
        conversation = start_conversation(informed, role=Role.VIEWER)
        say(informed, conversation, "I live with two cats. Which grinder is quiet?")
        deadline = time.monotonic() + 15
        found: list[Any] = []
        while not found and time.monotonic() < deadline:
            found = informed.viewer.get(f"/api/v1/conversations/{conversation}/facts").json()
        assert [(one["kind"], one["text"]) for one in found] == [("other", "two cats")]
