"""Questions translated before the search and quotes translated after it, through a real model server on loopback."""

import json
import time
import uuid
from typing import Any

import pytest
from sqlalchemy import Engine, select

from benchmarks.serving.upstreams.faults import Behaviour, Fault
from benchmarks.serving.upstreams.server import Upstream
from storage.postgres.models.ledger_entry import LedgerEntry, LedgerState
from storage.postgres.models.usage_record import UsageRecord
from storage.postgres.session import organization_session
from tests.factories.model_servers import QUICK
from tests.integration.conftest import POLICY, Tenant, ask, start_conversation
from tests.integration.serving.conversations.talking import configure
from tests.integration.serving.models.conftest import add_model, connect, route

GERMAN = "Wie lange gilt die Garantie für die Mühle K5?"
ENGLISH = "How long is the warranty of the K5 grinder?"
TO_ENGLISH, TO_GERMAN = "from German to English", "from English to German"


def told(tenant: Tenant, answer: Any) -> tuple[Any, Any]:
    """The receipt of an answer, and what it says of translations."""
    receipt = tenant.owner.get(answer["receipt_url"]).json()
    return receipt, receipt["guard_decisions"].get("translation", {})


def priced(tenant: Tenant, server: Upstream) -> None:
    """Make the bot answer with a model that costs something."""
    model = add_model(tenant, connect(tenant, server), input_usd_per_million=10, output_usd_per_million=20)
    route(tenant, model)


def usage(app: Engine, tenant: Tenant, answer: Any) -> list[UsageRecord]:
    """Calls that were charged for an answer."""
    with organization_session(app, tenant.organization.id) as session:
        rows = session.scalars(
            select(UsageRecord).where(UsageRecord.message_id == uuid.UUID(answer["message_id"]))
        ).all()
        session.expunge_all()
        return list(rows)


class TestQuestion:
    def test_the_search_has_the_translation_and_the_model_the_original(
        self, informed: Tenant, vllm: Upstream, app: Engine
    ) -> None:
        priced(informed, vllm)
        configure(informed, language={"searches_in": ["en"]})
        vllm.by_prompt[TO_ENGLISH] = Behaviour(words=("How long is the warranty ", "of the K5 grinder?"))
        answer = ask(informed, GERMAN)
        receipt, translation = told(informed, answer)
        assert receipt["standalone_question"] == ENGLISH
        assert receipt["question"] == GERMAN
        decision = translation["question"]
        assert (decision["outcome"], decision["from"], decision["to"]) == ("translated", "de", "en")
        assert (decision["provider"], decision["model"]) == ("vllm", "fake-1")
        assert decision["prompt"].startswith("translate@")
        assert decision["cost_usd"] == pytest.approx(100 * 10e-6 + 3 * 20e-6)
        assert len(usage(app, informed, answer)) == 2
        prompt = vllm.received[-1].body["messages"]
        assert prompt[-1]["content"].endswith(f"Question: {GERMAN}")
        assert "Answer in German, the language of the question." in prompt[0]["content"]
        assert receipt["language"] == "de"

    def test_one_in_a_language_of_the_documents_is_searched_for_as_it_is(
        self, informed: Tenant, vllm: Upstream
    ) -> None:
        priced(informed, vllm)
        configure(informed, language={"searches_in": ["de", "en"]})
        receipt, translation = told(informed, ask(informed, ENGLISH))
        assert (receipt["standalone_question"], translation) == (None, {})
        assert len([one for one in vllm.received if one.method == "POST"]) == 1

    def test_one_that_lost_something_is_not_used(self, informed: Tenant, vllm: Upstream) -> None:
        priced(informed, vllm)
        configure(informed, language={"searches_in": ["en"]})
        vllm.by_prompt[TO_ENGLISH] = Behaviour(words=("How long is the warranty of the K7 grinder?",))
        receipt, translation = told(informed, ask(informed, GERMAN))
        assert receipt["standalone_question"] is None
        assert (translation["question"]["outcome"], translation["question"]["changed"]) == ("not_translated", 2)
        assert translation["question"]["cost_usd"] > 0

    def test_without_a_model_that_is_said_and_the_search_goes_on(self, informed: Tenant) -> None:
        configure(informed, language={"searches_in": ["en"]})
        answer = ask(informed, GERMAN)
        receipt, translation = told(informed, answer)
        assert translation["question"] == {
            "outcome": "not_available",
            "reason": "no_model",
            "from": "de",
            "to": "en",
        }
        assert receipt["standalone_question"] is None
        assert receipt["passages"]

    def test_a_model_that_does_not_answer_costs_nothing_but_the_translation(
        self, informed: Tenant, vllm: Upstream
    ) -> None:
        priced(informed, vllm)
        configure(informed, language={"searches_in": ["en"]})
        vllm.by_prompt[TO_ENGLISH] = Behaviour(Fault.TOO_LONG)
        answer = ask(informed, GERMAN)
        assert answer["content"] == "Sixty months [1]."
        _, translation = told(informed, answer)
        assert translation["question"]["reason"] == "failed"

    def test_a_translation_counts_in_budgets_and_the_refusal_speaks_the_askers_language(
        self, informed: Tenant, vllm: Upstream
    ) -> None:
        priced(informed, vllm)
        configure(informed, language={"searches_in": ["en"]})
        vllm.by_prompt[TO_ENGLISH] = Behaviour(words=(ENGLISH,))
        made = informed.owner.post("/api/v1/budgets", json={"name": "Tag", "limit_answers": 1, "period": "day"})
        assert made.status_code == 201, made.text
        conversation = informed.owner.post("/api/v1/conversations", json={"chatbot_id": informed.chatbot_id}).json()
        response = informed.owner.post(f"/api/v1/conversations/{conversation['id']}/messages", json={"content": GERMAN})
        assert response.status_code == 429
        assert response.json()["detail"].startswith("Das Budget „Tag“ (1 Antwort am Tag) reicht")


class TestQuotes:
    @pytest.fixture
    def failing(self, informed: Tenant, vllm: Upstream) -> str:
        """The quotes that answer in English, when the model takes no long prompt; its translation into German."""
        said = str(ask(informed, ENGLISH)["content"])
        priced(informed, vllm)
        configure(informed, language={"searches_in": ["en"]})
        vllm.by_prompt[TO_ENGLISH] = Behaviour(words=(ENGLISH,))
        vllm.behave(Behaviour(Fault.TOO_LONG))
        return said.replace("carries a warranty of", "hat eine Garantie von").replace("months", "Monaten")

    def test_they_are_translated_and_labelled_and_stay_in_the_citations(
        self, informed: Tenant, vllm: Upstream, failing: str
    ) -> None:
        vllm.by_prompt[TO_GERMAN] = Behaviour(words=(failing,))
        answer = ask(informed, GERMAN)
        assert answer["content"].startswith(failing)
        assert "Übersetzt aus der Sprache „Englisch“" in answer["content"]
        assert answer["translated_from"] == "en"
        assert answer["citations"]
        assert all(quote in POLICY for citation in answer["citations"] for quote in citation["quotes"])
        receipt, translation = told(informed, answer)
        assert receipt["provider"] == "extractive"
        assert (translation["answer"]["outcome"], translation["answer"]["model"]) == ("translated", "fake-1")
        assert translation["question"]["outcome"] == "translated"

    def test_a_translation_that_makes_a_figure_up_is_not_given(
        self, informed: Tenant, vllm: Upstream, failing: str
    ) -> None:
        vllm.by_prompt[TO_GERMAN] = Behaviour(words=(failing.replace("60", "99"),))
        answer = ask(informed, GERMAN)
        assert "60 months" in answer["content"]
        assert answer["translated_from"] is None
        _, translation = told(informed, answer)
        assert translation["answer"]["outcome"] == "not_translated"

    def test_what_the_translating_model_adds_is_filtered_as_all_that_models_write(
        self, informed: Tenant, vllm: Upstream, failing: str
    ) -> None:
        vllm.by_prompt[TO_GERMAN] = Behaviour(words=(f"{failing} <b>fett</b>",))
        assert "<b>" not in ask(informed, GERMAN)["content"]

    def test_a_bot_that_answers_in_the_language_of_its_documents_quotes_as_it_is(
        self, informed: Tenant, vllm: Upstream, failing: str
    ) -> None:
        configure(informed, language={"searches_in": ["en"], "answers_in": "documents"})
        answer = ask(informed, GERMAN)
        assert "60 months" in answer["content"]
        _, translation = told(informed, answer)
        assert "answer" not in translation


class TestAnswersIn:
    def test_a_model_may_be_told_to_answer_in_the_language_of_the_documents(
        self, informed: Tenant, vllm: Upstream
    ) -> None:
        priced(informed, vllm)
        configure(informed, language={"answers_in": "documents"})
        ask(informed, GERMAN)
        assert "Answer in the language of the passages" in vllm.received[-1].body["messages"][0]["content"]


class TestNames:
    QUESTION = "Does the K5 that Ada Lovelace ordered have a warranty?"
    LISTED = "You list the names of people"

    def test_places_are_kept_and_the_call_is_charged(self, informed: Tenant, vllm: Upstream, app: Engine) -> None:
        priced(informed, vllm)
        configure(informed, language={"finds_names": True})
        vllm.by_prompt[self.LISTED] = Behaviour(words=('{"names": ["Ada Lovelace"]}',))
        answer = ask(informed, self.QUESTION)
        receipt, _ = told(informed, answer)
        (person,) = [one for one in receipt["understanding"]["entities"] if one["kind"] == "person"]
        assert self.QUESTION[person["start"] : person["end"]] == "Ada Lovelace"
        assert "Lovelace" not in str(receipt["understanding"])
        (call,) = receipt["understanding"]["names_calls"]
        assert call["cost_usd"] == pytest.approx(100 * 10e-6 + 3 * 20e-6)
        assert len(usage(app, informed, answer)) == 2

    def test_they_cost_nothing_unless_asked_for(self, informed: Tenant, vllm: Upstream, app: Engine) -> None:
        priced(informed, vllm)
        answer = ask(informed, self.QUESTION)
        receipt, _ = told(informed, answer)
        assert receipt["understanding"]["unavailable"]["names"] == "off"
        assert len(usage(app, informed, answer)) == 1

    def test_a_model_that_says_nothing_does_not_hold_the_answer(self, informed: Tenant, vllm: Upstream) -> None:
        priced(informed, vllm)
        configure(informed, language={"finds_names": True})
        vllm.by_prompt[self.LISTED] = Behaviour(Fault.SILENT)
        answer = ask(informed, self.QUESTION)
        assert answer["content"] == "Sixty months [1]."
        receipt, _ = told(informed, answer)
        assert receipt["understanding"]["unavailable"]["names"] == "failed"
        assert receipt["understanding"]["language"] == "en"

    def test_without_a_model_that_is_said(self, informed: Tenant) -> None:
        configure(informed, language={"finds_names": True})
        receipt, _ = told(informed, ask(informed, self.QUESTION))
        assert receipt["understanding"]["unavailable"]["names"] == "no_model"

    def test_an_answer_that_is_stopped_stops_looking_for_them(
        self, informed: Tenant, vllm: Upstream, app: Engine
    ) -> None:
        patient = {**QUICK.model_dump(), "first_token_s": 20, "gap_s": 20, "total_s": 30}
        route(informed, add_model(informed, connect(informed, vllm, limits=patient)))
        configure(informed, language={"finds_names": True})
        vllm.by_prompt[self.LISTED] = Behaviour(Fault.SILENT)
        vllm.behave(Behaviour(Fault.STALLED))
        message_id = ""
        path = f"/api/v1/conversations/{start_conversation(informed)}/messages"
        with informed.owner.stream("POST", path, json={"content": self.QUESTION, "stream": True}) as response:
            for line in response.iter_lines():
                if line.startswith("data: ") and not message_id:
                    message_id = json.loads(line[6:])["message_id"]
                asked = [one for one in vllm.received if one.method == "POST"]
                if message_id and len(asked) == 2:
                    informed.owner.post(f"/api/v1/messages/{message_id}/stop")
                    break
        deadline = time.monotonic() + 5
        while vllm.aborted < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert vllm.aborted == 2
        with organization_session(app, informed.organization.id) as session:
            states = session.scalars(select(LedgerEntry.state)).all()
        assert LedgerState.RESERVED not in states
