"""Answers that nobody writes any more."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from serving.conversations.streams.leases import renew, sweep
from storage.postgres.models.message import Message, MessageRole, MessageState
from storage.postgres.session import async_identity_session, organization_session
from tests.integration.conftest import MakeTenant, Tenant, ask, start_conversation

LONG_AGO = timedelta(minutes=2)


def unfinished(tenant: Tenant, app: Engine, *, age: timedelta) -> uuid.UUID:
    """An answer whose writer is gone; its id."""
    conversation = uuid.UUID(start_conversation(tenant))
    with organization_session(app, tenant.organization.id) as session:
        row = Message(
            id=uuid.uuid4(),
            organization_id=tenant.organization.id,
            conversation_id=conversation,
            ordinal=0,
            role=MessageRole.ASSISTANT,
            state=MessageState.STREAMING,
            content="Half of a",
            created_at=datetime.now(UTC) - age,
        )
        session.add(row)
    return row.id


def message(tenant: Tenant, app: Engine, message_id: uuid.UUID) -> Message:
    with organization_session(app, tenant.organization.id) as session:
        row = session.get_one(Message, message_id)
        session.expunge(row)
    return row


class TestSweep:
    async def test_interrupts_what_was_abandoned_in_every_organization(
        self, make_tenant: MakeTenant, app: Engine, async_app: AsyncEngine
    ) -> None:
        tenants = (make_tenant(), make_tenant())
        left = [(tenant, unfinished(tenant, app, age=LONG_AGO)) for tenant in tenants]
        await sweep(async_app)
        for tenant, message_id in left:
            row = message(tenant, app, message_id)
            assert (row.state, row.error_type) == (MessageState.INTERRUPTED, "Interrupted")
            assert row.content == "Half of a"
            assert row.completed_at is not None
        assert await sweep(async_app) == 0

    async def test_leaves_alone_what_may_still_be_written(
        self, tenant: Tenant, app: Engine, async_app: AsyncEngine
    ) -> None:
        young = unfinished(tenant, app, age=timedelta(seconds=20))
        done = uuid.UUID(ask(tenant, "What is left?")["message_id"])
        await sweep(async_app)
        assert message(tenant, app, young).state == MessageState.STREAMING
        assert message(tenant, app, done).state == MessageState.COMPLETE

    async def test_an_answer_whose_process_says_so_is_left_however_old(
        self, tenant: Tenant, app: Engine, async_app: AsyncEngine
    ) -> None:
        old = unfinished(tenant, app, age=LONG_AGO)
        await renew(async_app, [old])
        await sweep(async_app)
        assert message(tenant, app, old).state == MessageState.STREAMING

    async def test_a_lease_cannot_be_made_endless(self, tenant: Tenant, app: Engine, async_app: AsyncEngine) -> None:
        old = unfinished(tenant, app, age=LONG_AGO)
        async with async_identity_session(async_app) as session:
            await session.execute(text("SELECT renew_message_leases(:ids, interval '1 year')"), {"ids": [old]})
        leased_until = message(tenant, app, old).leased_until
        assert leased_until is not None
        assert leased_until < datetime.now(UTC) + timedelta(minutes=2)

    async def test_without_it_the_application_reaches_no_message(self, tenant: Tenant, async_app: AsyncEngine) -> None:
        with pytest.raises(DBAPIError):
            async with async_identity_session(async_app) as session:
                await session.execute(text("UPDATE messages SET state = 'failed'"))
