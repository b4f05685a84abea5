"""Fixtures of ingestion: the stores of the run, and a knowledge base for each test."""

import pytest
from sqlalchemy import Engine

from storage.files.store import FileStore
from storage.lance.store import VectorStore
from storage.postgres.models.knowledge_base import KnowledgeBase
from storage.postgres.models.organization import Organization
from storage.settings import StorageSettings
from storage.stores import Stores
from tests.factories.knowledge import make_knowledge_base


@pytest.fixture(scope="session")
def stores(settings: StorageSettings, owner: Engine, app: Engine) -> Stores:
    """All stores of the test run."""
    return Stores(
        owner=owner,
        app=app,
        vectors=VectorStore(settings.lance_uri),
        files=FileStore(settings.files_uri),
        settings=settings,
    )


@pytest.fixture
def knowledge_base(app: Engine, organization: Organization) -> KnowledgeBase:
    """A knowledge base of the test's organization."""
    return make_knowledge_base(app, organization.id)
