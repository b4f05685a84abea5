"""A request of a visitor needs one connection to the database at a time: with two, a few would wait for each other for ever."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx2
import pytest
import pytest_asyncio
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import create_async_engine

from serving.app import create_app
from serving.context import open_context
from serving.settings import ServingSettings
from storage.postgres.urls import database_urls
from storage.settings import StorageSettings
from tests.integration.conftest import Tenant


@pytest_asyncio.fixture
async def narrow(settings: StorageSettings) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser on the page of an API that has one connection."""
    serving = ServingSettings(_env_file=None, visitors_per_address=10_000)
    app: FastAPI = create_app(settings, serving)
    opened = open_context(settings, serving)
    one = create_async_engine(database_urls(settings).app, pool_size=1, max_overflow=0, pool_timeout=1)
    app.state.context = replace(opened, engine=one)
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://127.0.0.1", headers={"X-Pixel-Page": "1"}
    ) as browser:
        yield browser
    await one.dispose()
    await opened.close()


class TestOneConnection:
    @pytest.mark.parametrize("says_something", [False, True])
    async def test_a_visit_from_its_beginning_to_its_end(
        self, published: Tenant, narrow: httpx2.AsyncClient, says_something: bool
    ) -> None:
        bot = published.chatbot_id
        assert (await narrow.get(f"/chat/{bot}")).status_code == 200
        assert (await narrow.post(f"/chat/{bot}/visitor")).status_code == 204
        assert (await narrow.get(f"/chat/{bot}/about")).status_code == 200
        narrow.headers["X-Pixel-Bot"] = bot
        started = await narrow.post("/api/v1/conversations", json={"chatbot_id": bot})
        assert started.status_code == 201
        if says_something:
            path = f"/api/v1/conversations/{uuid.UUID(started.json()['id'])}/messages"
            assert (await narrow.post(path, json={"content": "How long is the warranty?"})).status_code == 200
            handover = await narrow.post(path.replace("messages", "handover"), json={})
            assert handover.status_code == 201
        assert (await narrow.delete(f"/chat/{bot}/visitor")).status_code == 204
