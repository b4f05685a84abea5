"""Fixtures that many tests share: one embedded PostgreSQL for the run, and an organization for each test.

Tests commit: they are kept apart by organization, as tenants are.
"""

import gc
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import Engine
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.postgres import embedded
from storage.postgres.engine import app_async_engine, app_engine, owner_engine
from storage.postgres.migrate import migrate
from storage.postgres.models.organization import Organization
from storage.postgres.provision import provision
from storage.settings import StorageSettings, storage_settings
from tests import thread_ends
from tests.factories.accounts import make_organization

thread_ends.install()

REPOSITORY = Path(__file__).parents[1]


def pytest_runtest_logfinish() -> None:
    """Between two tests."""
    thread_ends.let_go()


@pytest.fixture(scope="module", autouse=True)
def _tidy() -> Iterator[None]:
    """What a file's tests leave to the collector is told of in that file, not in whichever test it happens to run."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
def settings() -> Iterator[StorageSettings]:
    """Settings of a running, provisioned and migrated embedded server in a folder of its own."""
    home = Path(tempfile.mkdtemp(prefix="pixel-test-"))
    before = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("PIXEL_")}
    os.environ["PIXEL_HOME"] = str(home)
    storage_settings.cache_clear()
    settings = StorageSettings(_env_file=None)
    embedded.start(settings)
    provision(settings)
    migrate(settings)
    yield settings
    embedded.stop(settings, immediate=True)
    shutil.rmtree(home, ignore_errors=True)
    os.environ.pop("PIXEL_HOME")
    os.environ.update(before)


@pytest.fixture(scope="session")
def owner(settings: StorageSettings) -> Iterator[Engine]:
    """Engine of the owner."""
    engine = owner_engine(settings)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def app(settings: StorageSettings) -> Iterator[Engine]:
    """Engine of the application's role."""
    engine = app_engine(settings)
    yield engine
    engine.dispose()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def async_app(settings: StorageSettings) -> AsyncIterator[AsyncEngine]:
    """Asynchronous engine of the application's role."""
    engine = app_async_engine(settings)
    yield engine
    await engine.dispose()


@pytest.fixture
def organization(owner: Engine) -> Organization:
    """A fresh organization."""
    return make_organization(owner)


@pytest.fixture
def other_organization(owner: Engine) -> Organization:
    """A second one, whose rows must never be seen by the first."""
    return make_organization(owner)
