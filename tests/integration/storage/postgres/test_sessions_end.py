"""A transaction of the API's engine leaves nothing on the pooled connection, however it ends: no reader, nothing half-written."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.postgres.engine import app_async_engine
from storage.postgres.models.organization import Organization
from storage.postgres.session import async_organization_session
from storage.settings import StorageSettings

LEFT = text("SELECT pg_backend_pid(), nullif(current_setting('pixel.organization_id', true), '')")
WRITTEN = text("INSERT INTO knowledge_bases (organization_id, name, slug) VALUES (:organization, 'half', 'half')")
NAMES = text("SELECT count(*) FROM knowledge_bases WHERE name = 'half'")


async def _pid(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        left = (await connection.execute(LEFT)).one()
    assert left[1] is None
    pid: int = left[0]
    return pid


@pytest.mark.parametrize("how", ["error", "cancelled", "statement"])
async def test_nothing_of_it_is_left_on_the_connection(
    how: str, settings: StorageSettings, organization: Organization
) -> None:
    engine = app_async_engine(settings)
    pids: set[int] = set()

    async def broken() -> None:
        async with async_organization_session(engine, organization.id) as session:
            await session.execute(WRITTEN, {"organization": organization.id})
            assert await session.scalar(NAMES) == 1
            pids.add((await session.execute(LEFT)).one()[0])
            if how == "error":
                raise LookupError
            await session.execute(text("SELECT 1 / 0" if how == "statement" else "SELECT pg_sleep(30)"))

    try:
        task = asyncio.create_task(broken())
        if how == "cancelled":
            await asyncio.sleep(0.5)
            task.cancel()
        results = await asyncio.gather(task, return_exceptions=True)
        assert isinstance(results[0], BaseException)
        after = await _pid(engine)
        if how != "cancelled":  # the same connection, used again
            assert pids == {after}
        async with async_organization_session(engine, organization.id) as session:
            assert await session.scalar(NAMES) == 0
    finally:
        await engine.dispose()
