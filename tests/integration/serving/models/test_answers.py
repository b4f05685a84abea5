"""A bot answers with a model: what is sent, what the receipt says, and what happens when the model does not answer."""

import uuid
from typing import Any

import openai
import pytest
from sqlalchemy import Engine, text

from benchmarks.serving.upstreams.faults import Behaviour, Fault
from benchmarks.serving.upstreams.protocols import OpenAIWire
from benchmarks.serving.upstreams.server import Upstream
from storage.postgres.models.model_connection import ModelProvider
from tests.factories.model_servers import WIRES, served
from tests.integration.conftest import Tenant, ask, start_conversation
from tests.integration.serving.models.conftest import add_model, connect, route

QUESTION = "How long is the warranty of the K5 grinder?"


def receipt_of(tenant: Tenant, answer: Any) -> Any:
    """The receipt of an answer."""
    return tenant.owner.get(answer["receipt_url"]).json()


class TestAnswer:
    def test_the_receipt_names_provider_model_connection_and_price(self, informed: Tenant, vllm: Upstream) -> None:
        connection = connect(informed, vllm)
        model = add_model(informed, connection, input_usd_per_million=10, output_usd_per_million=20)
        route(informed, model)
        answer = ask(informed, QUESTION)
        assert answer["content"] == "Sixty months [1]."
        receipt = receipt_of(informed, answer)
        assert (receipt["provider"], receipt["model"]) == ("vllm", "fake-1")
        assert receipt["model_connection_id"] == connection["id"]
        assert receipt["organization_model_id"] == model["id"]
        assert (receipt["prompt_tokens"], receipt["completion_tokens"]) == (100, 3)
        assert float(receipt["cost_settled_usd"]) == pytest.approx(100 * 10e-6 + 3 * 20e-6)
        routing = receipt["guard_decisions"]["routing"]
        assert (routing["rule"], routing["price"]) == ("ordered", "model")
        assert [a["outcome"] for a in routing["attempts"]] == ["answered"]

    @pytest.mark.parametrize("provider", list(ModelProvider))
    def test_every_provider_answers(self, informed: Tenant, provider: ModelProvider) -> None:
        with served(provider) as server:
            path = "/v1" if WIRES[provider] is OpenAIWire else ""
            connection = connect(informed, server, provider=provider.value, base_url=f"{server.url}{path}")
            assert informed.owner.post(f"/api/v1/model-connections/{connection['id']}/check").json()["is_ok"]
            route(informed, add_model(informed, connection))
            answer = ask(informed, QUESTION)
            receipt = receipt_of(informed, answer)
            assert "60 months" in str(server.received[-1].body)
        assert (answer["content"], receipt["provider"]) == ("Sixty months [1].", provider.value)
        price = "self-hosted" if provider.is_self_hosted else "unknown"
        assert receipt["guard_decisions"]["routing"]["price"] == price

    def test_the_model_gets_the_passages(self, informed: Tenant, vllm: Upstream) -> None:
        route(informed, add_model(informed, connect(informed, vllm)))
        ask(informed, QUESTION)
        body = vllm.received[-1].body
        assert "60 months" in body["messages"][-1]["content"]

    def test_a_bot_without_models_quotes(self, informed: Tenant) -> None:
        receipt = receipt_of(informed, ask(informed, QUESTION))
        assert (receipt["provider"], receipt["model"], receipt["model_connection_id"]) == (
            "extractive",
            "extractive-1",
            None,
        )
        assert "routing" not in receipt["guard_decisions"]


class TestFallback:
    @pytest.mark.parametrize("fault", [Fault.BROKEN, Fault.SILENT, Fault.BAD_KEY, Fault.GARBAGE, Fault.RESET])
    def test_quoted_sentences_answer_when_the_model_does_not(
        self, informed: Tenant, vllm: Upstream, fault: Fault
    ) -> None:
        vllm.behave(Behaviour(fault))
        connection = connect(informed, vllm)
        route(informed, add_model(informed, connection))
        answer = ask(informed, QUESTION)
        assert "60 months" in answer["content"]
        receipt = receipt_of(informed, answer)
        assert (receipt["provider"], receipt["model_connection_id"]) == ("extractive", None)
        attempts = receipt["guard_decisions"]["routing"]["attempts"]
        assert attempts[0]["connection_id"] == connection["id"]
        assert attempts[0]["outcome"] != "answered"

    def test_not_when_the_bot_forbids_it(self, informed: Tenant, vllm: Upstream) -> None:
        vllm.behave(Behaviour(Fault.BAD_KEY))
        route(informed, add_model(informed, connect(informed, vllm)), falls_back_to_extractive=False)
        conversation = start_conversation(informed)
        response = informed.owner.post(f"/api/v1/conversations/{conversation}/messages", json={"content": QUESTION})
        assert (response.status_code, response.json()["type"]) == (502, "/problems/answerer-failed")
        assert "does not take the key" in response.json()["detail"]

    def test_nothing_is_spliced_to_an_answer_that_broke_off(self, informed: Tenant, vllm: Upstream) -> None:
        vllm.behave(Behaviour(Fault.CUT))
        route(informed, add_model(informed, connect(informed, vllm)))
        conversation = start_conversation(informed)
        response = informed.owner.post(
            f"/api/v1/conversations/{conversation}/messages", json={"content": QUESTION, "stream": True}
        )
        assert "60 months" not in response.text
        assert "broke off" in response.text
        messages = informed.owner.get(f"/api/v1/conversations/{conversation}/messages").json()
        assert (messages[-1]["state"], messages[-1]["content"].strip()) == ("failed", "Sixty")

    def test_a_model_that_is_switched_off_is_not_asked(self, informed: Tenant, vllm: Upstream) -> None:
        connection = connect(informed, vllm)
        route(informed, add_model(informed, connection))
        informed.owner.patch(f"/api/v1/model-connections/{connection['id']}", json={"is_enabled": False})
        assert receipt_of(informed, ask(informed, QUESTION))["provider"] == "extractive"
        assert vllm.received == []

    def test_a_new_key_is_used_at_once(self, informed: Tenant, vllm: Upstream) -> None:
        vllm.behave(Behaviour(Fault.BAD_KEY), Behaviour())
        connection = connect(informed, vllm)
        route(informed, add_model(informed, connection))
        assert receipt_of(informed, ask(informed, QUESTION))["provider"] == "extractive"
        assert receipt_of(informed, ask(informed, QUESTION))["provider"] == "extractive", "its breaker is open"
        informed.owner.patch(f"/api/v1/model-connections/{connection['id']}", json={"key": "sk-fresh"})
        assert receipt_of(informed, ask(informed, QUESTION))["provider"] == "vllm"
        assert vllm.received[-1].headers["authorization"] == "Bearer sk-fresh"


class TestHealth:
    def test_breakers_can_be_read(self, informed: Tenant, vllm: Upstream) -> None:
        vllm.behave(Behaviour(Fault.BAD_KEY))
        model = add_model(informed, connect(informed, vllm))
        route(informed, model)
        assert informed.owner.get("/api/v1/models/health").json() == []
        ask(informed, QUESTION)
        (line,) = informed.owner.get("/api/v1/models/health").json()
        assert (line["model_id"], line["breaker"], line["last_error"]) == (model["id"], "open", "unauthenticated")
        assert line["retry_in_s"] > 0


class TestOpenAIRoute:
    def client(self, tenant: Tenant) -> openai.OpenAI:
        key = tenant.owner.headers["authorization"].removeprefix("Bearer ")
        return openai.OpenAI(base_url=f"{str(tenant.owner.base_url).rstrip('/')}/v1", api_key=key, max_retries=0)

    def test_sampling_parameters_reach_the_model(self, informed: Tenant, vllm: Upstream) -> None:
        route(informed, add_model(informed, connect(informed, vllm), max_output_tokens=64))
        with self.client(informed) as client:
            made = client.chat.completions.create(
                model="assistant",
                messages=[{"role": "user", "content": QUESTION}],
                temperature=0.25,
                max_completion_tokens=500,
                stop=["END"],
                seed=9,
            )
        assert made.choices[0].message.content == "Sixty months [1]."
        body = vllm.received[-1].body
        assert (body["temperature"], body["max_tokens"], body["stop"], body["seed"]) == (0.25, 64, ["END"], 9)

    def test_one_that_no_model_takes_is_refused_by_name(self, informed: Tenant) -> None:
        with self.client(informed) as client, pytest.raises(openai.UnprocessableEntityError) as raised:
            client.chat.completions.create(
                model="assistant", messages=[{"role": "user", "content": QUESTION}], temperature=3
            )
        assert raised.value.param == "body.temperature"
        assert "from 0 to 2" in str(raised.value)


class TestStoredConfigurations:
    def test_a_version_from_before_there_were_routes_still_answers(self, informed: Tenant, owner: Engine) -> None:
        with owner.begin() as connection:
            connection.execute(
                text("UPDATE chatbot_versions SET config = config - 'routing' WHERE chatbot_id = :id"),
                {"id": uuid.UUID(informed.chatbot_id)},
            )
        assert "60 months" in ask(informed, QUESTION)["content"]
