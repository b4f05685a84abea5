"""Reserve before, settle after: exact under load, right after a crash."""

import asyncio
import uuid
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from serving.accounts.principal import Actor
from serving.billing.errors import BudgetExceededError
from serving.billing.ledger import UNPRICED_TOPIC, Amount, Charge, expire, release, reserve, settle
from storage.postgres.models.budget import Budget
from storage.postgres.models.budget_period import BudgetPeriod
from storage.postgres.models.ledger_entry import LedgerEntry, LedgerState
from storage.postgres.models.member import Role
from storage.postgres.models.outbox_event import OutboxEvent
from storage.postgres.session import async_organization_session, organization_session, owner_session
from tests.integration.conftest import Tenant, ask

CENT = Amount(Decimal("0.01"), 100)


@pytest.fixture
def actor(tenant: Tenant) -> Actor:
    return Actor(tenant.organization.id, Role.OWNER, None, None, None)


@pytest.fixture
def place(tenant: Tenant) -> tuple[uuid.UUID, uuid.UUID]:
    """Bot and message that the entries belong to."""
    return uuid.UUID(tenant.chatbot_id), uuid.UUID(ask(tenant, "Anything?")["message_id"])


def budget(app: Engine, tenant: Tenant, **limits: object) -> uuid.UUID:
    with organization_session(app, tenant.organization.id) as session:
        row = Budget(
            id=uuid.uuid4(), organization_id=tenant.organization.id, name=f"b{uuid.uuid4().hex[:6]}",
            scope="organization", period="month", **limits,
        )  # fmt: skip
        session.add(row)
    return row.id


def counters(app: Engine, tenant: Tenant, budget_id: uuid.UUID) -> tuple[object, ...]:
    with organization_session(app, tenant.organization.id) as session:
        row = session.scalars(select(BudgetPeriod).where(BudgetPeriod.budget_id == budget_id)).one()
        return row.reserved_usd, row.spent_usd, row.reserved_answers, row.spent_answers


def entries(app: Engine, tenant: Tenant) -> Sequence[LedgerEntry]:
    with organization_session(app, tenant.organization.id) as session:
        rows = session.scalars(select(LedgerEntry)).all()
        session.expunge_all()
        return rows


async def take(engine: AsyncEngine, actor: Actor, place: tuple[uuid.UUID, uuid.UUID], most: Amount = CENT) -> uuid.UUID:
    async with async_organization_session(engine, actor.organization_id) as session:
        return await reserve(session, actor, chatbot_id=place[0], message_id=place[1], most=most)


def charge(usd: str, *, is_paid: bool = True) -> Charge:
    return Charge(Amount(Decimal(usd), 80), "openai", "gpt-x", "genai-prices", is_paid)


class TestReserve:
    async def test_200_at_once_stop_exactly_at_the_limit(
        self, tenant: Tenant, app: Engine, async_app: AsyncEngine, actor: Actor, place: tuple[uuid.UUID, uuid.UUID]
    ) -> None:
        tight = budget(app, tenant, limit_usd=Decimal("0.37"))
        budget(app, tenant, limit_answers=1000)

        async def one() -> str:
            try:
                await take(async_app, actor, place)
            except BudgetExceededError:
                return "refused"
            return "reserved"

        outcomes = Counter(await asyncio.gather(*(one() for _ in range(200))))
        assert outcomes == {"reserved": 37, "refused": 163}
        assert counters(app, tenant, tight) == (Decimal("0.37"), 0, 37, 0)
        assert len(entries(app, tenant)) == 37

    async def test_a_refusal_says_which_budget_and_when_it_renews(
        self, tenant: Tenant, app: Engine, async_app: AsyncEngine, actor: Actor, place: tuple[uuid.UUID, uuid.UUID]
    ) -> None:
        budget(app, tenant, limit_tokens=99)
        with pytest.raises(BudgetExceededError, match=r"99 tokens a month.*anew on \d{4}-\d{2}-01"):
            await take(async_app, actor, place)
        assert entries(app, tenant) == []

    async def test_only_the_budgets_of_the_bot_and_the_asker_count(
        self, tenant: Tenant, app: Engine, async_app: AsyncEngine, actor: Actor, place: tuple[uuid.UUID, uuid.UUID]
    ) -> None:
        with organization_session(app, tenant.organization.id) as session:
            for scope in ("chatbot", "member", "api_key"):
                session.add(
                    Budget(
                        organization_id=tenant.organization.id, name=scope, scope=scope, subject_id=uuid.uuid4(),
                        period="total", limit_answers=0,
                    )
                )  # fmt: skip
        await take(async_app, actor, place)
        with organization_session(app, tenant.organization.id) as session:
            session.add(
                Budget(
                    organization_id=tenant.organization.id, name="mine", scope="chatbot", subject_id=place[0],
                    period="total", limit_answers=0,
                )
            )  # fmt: skip
        with pytest.raises(BudgetExceededError, match="an owner can raise it"):
            await take(async_app, actor, place)


class TestSettle:
    async def test_what_it_cost_takes_the_place_of_what_was_set_aside_once(
        self, tenant: Tenant, app: Engine, async_app: AsyncEngine, actor: Actor, place: tuple[uuid.UUID, uuid.UUID]
    ) -> None:
        mine = budget(app, tenant, limit_usd=Decimal(1))
        entry = await take(async_app, actor, place)
        for _ in range(2):
            async with async_organization_session(async_app, actor.organization_id) as session:
                await settle(session, entry, charge("0.004"))
        assert counters(app, tenant, mine) == (0, Decimal("0.004"), 0, 1)
        (row,) = entries(app, tenant)
        assert (row.state, row.settled_usd, row.is_unpriced) == (LedgerState.SETTLED, Decimal("0.004"), False)

    async def test_200_at_once_add_up(
        self, tenant: Tenant, app: Engine, async_app: AsyncEngine, actor: Actor, place: tuple[uuid.UUID, uuid.UUID]
    ) -> None:
        mine, other = budget(app, tenant, limit_usd=Decimal(100)), budget(app, tenant, limit_answers=1000)

        async def one(number: int) -> None:
            entry = await take(async_app, actor, place)
            async with async_organization_session(async_app, actor.organization_id) as session:
                if number % 5:
                    await settle(session, entry, charge("0.003"))
                else:
                    await release(session, entry)

        await asyncio.gather(*(one(number) for number in range(200)))
        assert counters(app, tenant, mine) == (0, Decimal("0.48"), 0, 160)
        assert counters(app, tenant, other) == (0, Decimal("0.48"), 0, 160)

    async def test_a_paid_call_without_cost_raises_an_alert(
        self, tenant: Tenant, app: Engine, async_app: AsyncEngine, actor: Actor, place: tuple[uuid.UUID, uuid.UUID]
    ) -> None:
        for is_paid in (True, False):
            entry = await take(async_app, actor, place)
            async with async_organization_session(async_app, actor.organization_id) as session:
                await settle(session, entry, charge("0", is_paid=is_paid))
        assert sorted(row.is_unpriced for row in entries(app, tenant)) == [False, True]
        with organization_session(app, tenant.organization.id) as session:
            told = session.scalars(select(OutboxEvent).where(OutboxEvent.topic == UNPRICED_TOPIC)).all()
            assert [event.payload["model"] for event in told] == ["gpt-x"]


class TestExpire:
    async def test_what_a_dead_process_set_aside_is_given_back_and_late_word_still_counts(
        self, tenant: Tenant, owner: Engine, app: Engine, async_app: AsyncEngine, actor: Actor,
        place: tuple[uuid.UUID, uuid.UUID],
    ) -> None:  # fmt: skip
        mine = budget(app, tenant, limit_usd=Decimal("0.01"))
        entry = await take(async_app, actor, place)
        assert await expire(async_app) == 0
        with owner_session(owner) as session:
            session.execute(
                text("UPDATE ledger_entries SET expires_at = now() - interval '1 s' WHERE id = :id"), {"id": entry}
            )
        assert await expire(async_app) >= 1
        assert counters(app, tenant, mine) == (0, 0, 0, 0)
        async with async_organization_session(async_app, actor.organization_id) as session:
            await settle(session, entry, charge("0.002"))
        assert counters(app, tenant, mine) == (0, Decimal("0.002"), 0, 1)


class TestRoutes:
    def test_a_budget_lives_and_is_seen_in_use(self, tenant: Tenant) -> None:
        made = tenant.owner.post("/api/v1/budgets", json={"name": "All", "limit_answers": 2, "period": "day"})
        assert made.status_code == 201, made.text
        url = f"/api/v1/budgets/{made.json()['id']}"
        assert tenant.owner.post("/api/v1/budgets", json={"name": "All", "limit_usd": 1}).status_code == 409
        assert tenant.owner.get(url).json()["spent_answers"] == 0
        assert tenant.owner.patch(url, json={"limit_answers": None}).status_code == 400
        assert (
            tenant.owner.patch(url, json={"limit_answers": None, "limit_usd": "2.50"}).json()["limit_answers"] is None
        )
        assert tenant.viewer.get(url).status_code == 403
        assert tenant.owner.delete(url).status_code == 204
        assert tenant.owner.get(url).status_code == 404

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ({"name": "x"}, 422),
            ({"name": "x", "limit_usd": -1}, 422),
            ({"name": "x", "limit_usd": 1, "scope": "chatbot"}, 400),
            ({"name": "x", "limit_usd": 1, "scope": "chatbot", "subject_id": str(uuid.uuid4())}, 400),
            ({"name": "x", "limit_usd": 1, "subject_id": str(uuid.uuid4())}, 400),
        ],
    )
    def test_bad_input_is_named(self, tenant: Tenant, body: dict[str, object], status: int) -> None:
        assert tenant.owner.post("/api/v1/budgets", json=body).status_code == status
