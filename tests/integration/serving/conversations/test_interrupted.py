"""Answers that nobody writes any more."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from serving.conversations.interrupted import ABANDONED_AFTER, sweep
from storage.postgres.models.message import Message, MessageRole, MessageState
from storage.postgres.session import async_identity_session, organization_session
from tests.integration.conftest import MakeTenant, Tenant, ask, start_conversation

LONG_AGO = ABANDONED_AFTER + timedelta(minutes=1)


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
    async def test_names_the_end_of_what_was_abandoned_in_every_organization(
        self, make_tenant: MakeTenant, app: Engine, async_app: AsyncEngine
    ) -> None:
        tenants = (make_tenant(), make_tenant())
        left = [(tenant, unfinished(tenant, app, age=LONG_AGO)) for tenant in tenants]
        await sweep(async_app)
        for tenant, message_id in left:
            row = message(tenant, app, message_id)
            assert (row.state, row.error_type) == (MessageState.FAILED, "Interrupted")
            assert row.content == "Half of a"
            assert row.completed_at is not None
        assert await sweep(async_app) == 0

    async def test_leaves_alone_what_may_still_be_written(
        self, tenant: Tenant, app: Engine, async_app: AsyncEngine
    ) -> None:
        young = unfinished(tenant, app, age=ABANDONED_AFTER / 2)
        done = uuid.UUID(ask(tenant, "What is left?")["message_id"])
        await sweep(async_app)
        assert message(tenant, app, young).state == MessageState.STREAMING
        assert message(tenant, app, done).state == MessageState.COMPLETE

    async def test_nobody_can_end_fresh_answers_with_it(
        self, tenant: Tenant, app: Engine, async_app: AsyncEngine
    ) -> None:
        young = unfinished(tenant, app, age=timedelta(seconds=20))
        async with async_identity_session(async_app) as session:
            await session.execute(text("SELECT fail_interrupted_messages(interval '-1 day')"))
        assert message(tenant, app, young).state == MessageState.STREAMING

    async def test_without_it_the_application_reaches_no_message(self, tenant: Tenant, async_app: AsyncEngine) -> None:
        with pytest.raises(DBAPIError):
            async with async_identity_session(async_app) as session:
                await session.execute(text("UPDATE messages SET state = 'failed'"))
