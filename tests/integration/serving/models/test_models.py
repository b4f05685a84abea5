"""Models over the API, and what bots may ask of them."""

import uuid
from typing import Any

import pytest
from sqlalchemy import Engine

from benchmarks.serving.upstreams.server import Upstream
from storage.postgres.models.eval_run import EvalRun
from storage.postgres.session import owner_session
from tests.integration.conftest import MakeTenant, Tenant
from tests.integration.serving.models.conftest import add_model, connect

PATH = "/api/v1/models"


class TestModels:
    def test_it_is_made_changed_and_removed(self, tenant: Tenant, vllm: Upstream) -> None:
        connection = connect(tenant, vllm)
        made = add_model(tenant, connection, context_window=8192, input_usd_per_million="0.5", output_usd_per_million=1)
        assert (made["display_name"], made["connection_name"], made["provider"]) == ("fake-1", "gpu", "vllm")
        assert "temperature" in made["parameters"]
        assert made["input_usd_per_million"] == "0.500000"
        changed = tenant.owner.patch(
            f"{PATH}/{made['id']}", json={"display_name": "Fake", "context_window": None}
        ).json()
        assert (changed["display_name"], changed["context_window"], changed["is_enabled"]) == ("Fake", None, True)
        assert tenant.owner.get(PATH, params={"connection_id": connection["id"]}).json() == [changed]
        assert tenant.owner.get(PATH, params={"connection_id": str(uuid.uuid4())}).json() == []
        assert tenant.owner.delete(f"{PATH}/{made['id']}").status_code == 204
        assert tenant.owner.get(f"{PATH}/{made['id']}").status_code == 404

    def test_a_connection_has_a_model_once(self, tenant: Tenant, vllm: Upstream) -> None:
        connection = connect(tenant, vllm)
        add_model(tenant, connection)
        again = tenant.owner.post(PATH, json={"connection_id": connection["id"], "name": "fake-1"})
        assert (again.status_code, again.json()["type"]) == (409, "/problems/model-taken")

    def test_a_foreign_connection_is_unknown(self, tenant: Tenant, make_tenant: MakeTenant, vllm: Upstream) -> None:
        connection = connect(make_tenant(), vllm)
        assert tenant.owner.post(PATH, json={"connection_id": connection["id"], "name": "x"}).status_code == 404

    def test_a_score_names_its_evaluation(self, tenant: Tenant, vllm: Upstream, owner: Engine) -> None:
        connection = connect(tenant, vllm)
        with owner_session(owner) as session:
            run = EvalRun(organization_id=tenant.organization.id, task="t", dataset="d", dataset_hash="h", metrics={})
            session.add(run)
            session.flush()
            run_id = str(run.id)
        alone = {"connection_id": connection["id"], "name": "x", "quality_score": 0.9}
        assert tenant.owner.post(PATH, json=alone).status_code == 422
        unknown = tenant.owner.post(PATH, json={**alone, "quality_eval_run_id": str(uuid.uuid4())})
        assert (unknown.status_code, unknown.json()["type"]) == (400, "/problems/unknown-eval-run")
        made = add_model(tenant, connection, quality_score=0.9, quality_eval_run_id=run_id)
        changed = tenant.owner.patch(f"{PATH}/{made['id']}", json={"quality_score": 0.1}).json()
        assert (changed["quality_score"], changed["quality_eval_run_id"]) == (0.1, None)


class TestParameters:
    def bot(self, tenant: Tenant, model: Any, parameters: Any) -> Any:
        candidates = [{"model_id": model["id"], "parameters": parameters}]
        return tenant.owner.patch(f"/api/v1/chatbots/{tenant.chatbot_id}", json={"routing": {"candidates": candidates}})

    @pytest.mark.parametrize(
        ("parameters", "field", "says"),
        [
            ({"temperature": 2.5}, "temperature", "2.5 is not allowed; it must be a number from 0 to 2"),
            ({"temperature": True}, "temperature", "True is not allowed"),
            ({"top_p": "high"}, "top_p", "'high' is not allowed"),
            ({"max_tokens": 101}, "max_tokens", "from 1 to 100"),
            ({"max_tokens": 1.5}, "max_tokens", "a whole number"),
            ({"stop": []}, "stop", "1 to 100 characters"),
            ({"stop": ["a"] * 5}, "stop", "up to 4"),
            ({"seed": 2**63}, "seed", "whole number"),
            ({"beam_width": 3}, "beam_width", "unknown to this model; it takes"),
        ],
    )
    def test_what_a_model_does_not_take_is_told_with_what_it_does(
        self, tenant: Tenant, vllm: Upstream, parameters: Any, field: str, says: str
    ) -> None:
        model = add_model(tenant, connect(tenant, vllm), max_output_tokens=100)
        response = self.bot(tenant, model, parameters)
        assert response.status_code == 422, response.text
        (problem,) = response.json()["errors"]
        assert problem["field"] == f"body.routing.candidates.0.parameters.{field}"
        assert says in problem["message"]

    def test_a_model_that_thinks_takes_no_temperature(self, tenant: Tenant, vllm: Upstream) -> None:
        model = add_model(tenant, connect(tenant, vllm), has_sampling=False)
        assert self.bot(tenant, model, {"temperature": 0.5}).status_code == 422
        assert self.bot(tenant, model, {"max_tokens": 50}).status_code == 200

    def test_good_ones_are_kept_in_the_bots_version(self, tenant: Tenant, vllm: Upstream) -> None:
        model = add_model(tenant, connect(tenant, vllm))
        parameters = {"temperature": 0.3, "top_k": 40, "stop": ["END"], "seed": 7}
        kept = self.bot(tenant, model, parameters).json()["config"]["routing"]
        assert kept["candidates"] == [{"model_id": model["id"], "parameters": parameters}]

    def test_a_foreign_model_is_unknown(self, tenant: Tenant, make_tenant: MakeTenant, vllm: Upstream) -> None:
        other = make_tenant()
        response = self.bot(tenant, add_model(other, connect(other, vllm)), {})
        assert (response.status_code, response.json()["type"]) == (400, "/problems/unknown-model")
