"""Live traffic and metrics, as they are read while questions are answered."""

import re
from typing import Any

import pytest

from benchmarks.serving.upstreams.faults import Behaviour, Fault
from benchmarks.serving.upstreams.server import Upstream
from storage.postgres.models.member import Role
from storage.postgres.models.model_connection import ModelProvider
from tests.factories.model_servers import served
from tests.integration.conftest import MakeTenant, Tenant, ask, client, start_conversation
from tests.integration.serving.models.conftest import add_model, connect, route

QUESTION = "How long is the warranty of the K5 grinder?"


def traffic(tenant: Tenant, minutes: int = 15) -> Any:
    """What the route tells."""
    response = tenant.owner.get("/api/v1/traffic", params={"minutes": minutes})
    assert response.status_code == 200, response.text
    return response.json()


def metric(url: str, line: str) -> float:
    """The value of one line of the metrics; 0 when it is not there yet."""
    with client(url) as scraper:
        found = re.search(rf"^{re.escape(line)} (\S+)$", scraper.get("/metrics").text, re.MULTILINE)
    return float(found.group(1)) if found else 0.0


class TestTraffic:
    def test_answers_are_counted_by_how_they_ended(self, informed: Tenant) -> None:
        ask(informed, QUESTION)
        ask(informed, QUESTION)
        ask(informed, "Who won the football match yesterday evening?")
        found = traffic(informed)
        totals = found["totals"]
        assert (totals["answers"], totals["answered"], totals["not_known"], totals["failed"]) == (3, 2, 1, 0)
        assert 0 < totals["first_token_p50_ms"] <= totals["first_token_p95_ms"] <= totals["total_p95_ms"] + 1
        assert len(found["buckets"]) == 15
        assert sum(bucket["answers"] for bucket in found["buckets"]) == 3
        assert [model["provider"] for model in found["models"]] == ["extractive"]
        assert (found["models"][0]["answers"], found["models"][0]["tokens_per_s"]) == (3, None)

    def test_steps_have_no_gaps_however_long_the_window(self, informed: Tenant) -> None:
        ask(informed, QUESTION)
        for minutes, steps, seconds in ((5, 5, 60), (60, 60, 60), (1440, 60, 1440)):
            found = traffic(informed, minutes)
            assert (len(found["buckets"]), found["bucket_s"]) == (steps, seconds)
            assert sum(bucket["answers"] for bucket in found["buckets"]) == 1

    def test_nothing_of_another_organization(self, informed: Tenant, make_tenant: MakeTenant) -> None:
        ask(informed, QUESTION)
        with served(ModelProvider.VLLM) as server:
            route(informed, add_model(informed, connect(informed, server)))
            ask(informed, QUESTION)
        found = traffic(make_tenant())
        assert found["totals"]["answers"] == 0
        assert (found["models"], found["errors"], found["server"]["refused"]) == ([], [], {})

    @pytest.mark.parametrize(("role", "status"), [(Role.ANALYST, 200), (Role.AGENT, 403), (Role.VIEWER, 403)])
    def test_it_is_for_analysts(self, api_url: str, tenant: Tenant, role: Role, status: int) -> None:
        with client(api_url, tenant.keys[role]) as program:
            assert program.get("/api/v1/traffic").status_code == status

    @pytest.mark.parametrize("minutes", ["4", "1441", "soon"])
    def test_a_window_that_makes_no_sense_is_named(self, tenant: Tenant, minutes: str) -> None:
        response = tenant.owner.get("/api/v1/traffic", params={"minutes": minutes})
        assert response.status_code == 422
        assert "minutes" in response.text


class TestModels:
    def test_a_model_that_fails_shows_its_breaker_and_why(self, informed: Tenant, vllm: Upstream) -> None:
        connection = connect(informed, vllm)
        route(informed, add_model(informed, connection), falls_back_to_extractive=False)
        vllm.behave(Behaviour(Fault.BAD_KEY))
        conversation = start_conversation(informed)
        refused = informed.owner.post(f"/api/v1/conversations/{conversation}/messages", json={"content": QUESTION})
        assert refused.status_code == 502
        found = traffic(informed)
        assert (found["totals"]["failed"], found["totals"]["answers"]) == (1, 1)
        assert [(one["error"], one["answers"]) for one in found["errors"]] == [("AnswererFailedError", 1)]
        (model,) = found["models"]
        assert (model["connection"], model["breaker"], model["last_error"]) == ("gpu", "open", "unauthenticated")
        assert (model["answers"], model["failures"]) == (0, model["calls"])
        assert model["wait_s"] > 0

    def test_tokens_and_cost_of_a_model(self, informed: Tenant, vllm: Upstream) -> None:
        connection = connect(informed, vllm)
        route(informed, add_model(informed, connection, input_usd_per_million=10, output_usd_per_million=20))
        ask(informed, QUESTION)
        found = traffic(informed)
        totals = found["totals"]
        assert (totals["prompt_tokens"], totals["completion_tokens"]) == (100, 3)
        assert float(totals["cost_usd"]) == pytest.approx(100 * 10e-6 + 3 * 20e-6)
        (model,) = found["models"]
        assert (model["connection"], model["breaker"], model["answers"]) == ("gpu", "closed", 1)


class TestMetrics:
    def test_a_call_of_a_model_counts_once(self, api_url: str, informed: Tenant, vllm: Upstream) -> None:
        lines = {
            'pixel_provider_attempts_total{outcome="answered",provider="vllm"}': 1,
            'pixel_tokens_total{direction="input",provider="vllm"}': 100,
            'pixel_tokens_total{direction="output",provider="vllm"}': 3,
            'pixel_answers_total{outcome="complete",provider="vllm"}': 1,
        }
        before = {line: metric(api_url, line) for line in lines}
        cost = metric(api_url, 'pixel_cost_usd_total{provider="vllm"}')
        connection = connect(informed, vllm)
        route(informed, add_model(informed, connection, input_usd_per_million=10, output_usd_per_million=20))
        ask(informed, QUESTION)
        assert {line: metric(api_url, line) - before[line] for line in lines} == lines
        assert metric(api_url, 'pixel_cost_usd_total{provider="vllm"}') - cost == pytest.approx(1.06e-3)
        assert metric(api_url, 'pixel_model_breakers{provider="vllm",state="closed"}') >= 1

    def test_a_failed_call_is_counted_by_its_kind(self, api_url: str, informed: Tenant, vllm: Upstream) -> None:
        line = 'pixel_provider_attempts_total{outcome="unauthenticated",provider="vllm"}'
        before = metric(api_url, line)
        vllm.behave(Behaviour(Fault.BAD_KEY))
        route(informed, add_model(informed, connect(informed, vllm)))
        ask(informed, QUESTION)
        assert metric(api_url, line) - before == 1
