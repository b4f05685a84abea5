"""Usage of answers that did not come to their end, and of those that were given before."""

import uuid
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, delete, select
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.serving.upstreams.faults import Behaviour, Fault
from benchmarks.serving.upstreams.server import Upstream
from serving.accounts.principal import Actor
from serving.billing.ledger import UNPRICED_TOPIC, Amount, Charge
from serving.billing.usage import record_usage, usage_record
from serving.inference.provider import TokenUsage
from storage.postgres.models.conversation import Conversation
from storage.postgres.models.ledger_entry import LedgerEntry, LedgerState
from storage.postgres.models.member import Role
from storage.postgres.models.outbox_event import OutboxEvent
from storage.postgres.models.usage_record import UsageRecord
from storage.postgres.session import async_organization_session, organization_session, owner_session
from tests.factories.model_servers import QUICK
from tests.integration.conftest import Tenant, ask, start_conversation
from tests.integration.serving.conversations.test_answering import events
from tests.integration.serving.models.conftest import add_model, connect, route, stopped_answer, vllm
from tests.integration.serving.traffic.test_traffic import metric, traffic

__all__ = ["vllm"]

QUESTION = "How long is the warranty of the K5 grinder?"
PRICED: dict[str, Any] = {"input_usd_per_million": 10, "output_usd_per_million": 20}


def usage(app: Engine, tenant: Tenant) -> list[UsageRecord]:
    """Calls of a tenant's answers."""
    with organization_session(app, tenant.organization.id) as session:
        rows = session.scalars(select(UsageRecord).order_by(UsageRecord.created_at)).all()
        session.expunge_all()
        return list(rows)


def broken_off(tenant: Tenant) -> str:
    """Read an answer as a stream to its end, whatever that is; the id of its message."""
    path = f"/api/v1/conversations/{start_conversation(tenant)}/messages"
    response = tenant.owner.post(path, json={"content": QUESTION, "stream": True})
    return str(events(response)[0][1]["message_id"])


class TestGivenUp:
    @pytest.mark.parametrize("price", [PRICED, {}], ids=["paid", "self-hosted"])
    def test_an_answer_that_broke_off_is_counted(
        self, informed: Tenant, vllm: Upstream, app: Engine, price: dict[str, Any]
    ) -> None:
        vllm.behave(Behaviour(Fault.CUT))
        route(informed, add_model(informed, connect(informed, vllm), **price))
        message_id = broken_off(informed)
        (row,) = usage(app, informed)
        assert (row.message_id, row.provider, row.model) == (uuid.UUID(message_id), "vllm", "fake-1")
        assert row.prompt_tokens > 100
        assert row.completion_tokens > 0
        expected = (row.prompt_tokens * 10 + row.completion_tokens * 20) * Decimal("1e-6") if price else Decimal(0)
        assert row.cost_usd == expected
        totals = traffic(informed)["totals"]
        assert (totals["failed"], totals["prompt_tokens"]) == (1, row.prompt_tokens)
        assert Decimal(str(totals["cost_usd"])) == expected

    def test_one_that_was_stopped_too(self, informed: Tenant, vllm: Upstream, app: Engine) -> None:
        patient = {**QUICK.model_dump(), "gap_s": 20, "total_s": 30}
        vllm.behave(Behaviour(Fault.STALLED))
        route(informed, add_model(informed, connect(informed, vllm, limits=patient), **PRICED))
        stopped_answer(informed, vllm, QUESTION)
        (row,) = usage(app, informed)
        with organization_session(app, informed.organization.id) as session:
            entry = session.scalars(select(LedgerEntry)).one()
            assert (entry.state, entry.settled_usd) == (LedgerState.SETTLED, row.cost_usd)

    def test_one_that_nobody_began_is_not(self, informed: Tenant, vllm: Upstream, app: Engine) -> None:
        vllm.behave(Behaviour(Fault.BAD_KEY))
        route(informed, add_model(informed, connect(informed, vllm), **PRICED), falls_back_to_extractive=False)
        broken_off(informed)
        assert usage(app, informed) == []


class TestRecordUsage:
    @pytest.fixture
    def record(self, tenant: Tenant) -> UsageRecord:
        """A call that was made for a real answer."""
        actor = Actor(tenant.organization.id, Role.OWNER, None, None, None)
        message_id = uuid.UUID(ask(tenant, "Anything?")["message_id"])
        charge = Charge(Amount(Decimal("0.01"), 30), "vllm", "fake-1", "model", is_paid=True)
        return usage_record(
            actor, charge, TokenUsage(20, 10), chatbot_id=uuid.UUID(tenant.chatbot_id), message_id=message_id
        )

    async def test_a_transaction_that_is_run_again_writes_it_once(
        self, tenant: Tenant, app: Engine, async_app: AsyncEngine, record: UsageRecord
    ) -> None:
        for _ in range(2):
            async with async_organization_session(async_app, tenant.organization.id) as session:
                await record_usage(session, record)
        rows = [row for row in usage(app, tenant) if row.provider == "vllm"]
        assert [(row.message_id, row.cost_usd) for row in rows] == [(record.message_id, Decimal("0.01"))]

    async def test_it_stays_in_the_books_though_its_answer_is_erased(
        self, tenant: Tenant, owner: Engine, app: Engine, async_app: AsyncEngine, record: UsageRecord
    ) -> None:
        with owner_session(owner) as session:
            session.execute(delete(Conversation).where(Conversation.organization_id == tenant.organization.id))
        async with async_organization_session(async_app, tenant.organization.id) as session:
            await record_usage(session, record)
        (row,) = (row for row in usage(app, tenant) if row.provider == "vllm")
        assert (row.message_id, row.cost_usd) == (None, Decimal("0.01"))


class TestReserved:
    def test_a_caller_who_asks_for_a_longer_answer_than_the_bot_is_set_to_passes_no_budget(
        self, informed: Tenant, vllm: Upstream
    ) -> None:
        model = add_model(informed, connect(informed, vllm), **PRICED)
        candidates = [{"model_id": model["id"], "parameters": {"max_tokens": 50}}]
        body = {"routing": {"candidates": candidates}}
        assert informed.owner.patch(f"/api/v1/chatbots/{informed.chatbot_id}", json=body).status_code == 200
        made = informed.owner.post("/api/v1/budgets", json={"name": "Day", "limit_tokens": 4_000, "period": "day"})
        assert made.status_code == 201, made.text
        asked = {"model": "assistant", "messages": [{"role": "user", "content": QUESTION}]}
        refused = informed.owner.post("/v1/chat/completions", json={**asked, "max_tokens": 5_000})
        assert refused.status_code == 429, refused.text
        assert informed.owner.post("/v1/chat/completions", json=asked).status_code == 200
        assert [one.body["max_tokens"] for one in vllm.received if one.method == "POST"] == [50]


class TestCached:
    def test_an_answer_of_a_paid_model_that_was_given_before_costs_and_alerts_nobody(
        self, informed: Tenant, vllm: Upstream, api_url: str, app: Engine
    ) -> None:
        model = add_model(informed, connect(informed, vllm), **PRICED)
        candidates = [{"model_id": model["id"], "parameters": {"temperature": 0}}]
        body = {"routing": {"candidates": candidates}}
        assert informed.owner.patch(f"/api/v1/chatbots/{informed.chatbot_id}", json=body).status_code == 200
        made = informed.owner.post("/api/v1/budgets", json={"name": "Day", "limit_answers": 1, "period": "day"})
        assert made.status_code == 201, made.text
        line = 'pixel_unpriced_calls_total{provider="vllm"}'
        before = metric(api_url, line)
        first, second = ask(informed, QUESTION), ask(informed, QUESTION)
        receipt = informed.owner.get(second["receipt_url"]).json()
        assert receipt["guard_decisions"]["cache"] == {"first_given_in": first["message_id"]}
        assert float(receipt["cost_settled_usd"]) == 0
        assert metric(api_url, line) == before
        assert [str(row.message_id) for row in usage(app, informed)] == [first["message_id"]]
        with organization_session(app, informed.organization.id) as session:
            entry = session.scalars(select(LedgerEntry)).one()
            assert (str(entry.message_id), entry.is_unpriced) == (first["message_id"], False)
            assert session.scalars(select(OutboxEvent).where(OutboxEvent.topic == UNPRICED_TOPIC)).all() == []
