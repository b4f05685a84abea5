"""An installation of its own: databases on the test server, stores in a folder, one organization with a bot.

The checks look at every organization, so they need a database that no other test writes to.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from orchestration.settings import orchestration_settings
from serving.bots.bootstrap import create_default_bot
from storage.postgres.engine import owner_engine
from storage.postgres.migrate import migrate
from storage.postgres.urls import APP_ROLE, DAGSTER_ROLE, OWNER_ROLE, embedded_url
from storage.settings import StorageSettings, storage_settings
from tests.factories.accounts import make_organization

DOCUMENTS = {
    "returns.md": "# Returns\n\nYou may return a grinder within 30 days after delivery. The refund takes ten working days.",
    "canteen.md": "# Canteen\n\nThe canteen serves lunch from 11:30 to 13:30 on working days.",
    "empty.md": "",
}
QUESTIONS = """
- {id: q1, question: "When does the canteen serve lunch?", language: en, answerable: true, document: canteen.md, answer: "from 11:30 to 13:30"}
- {id: q2, question: "What is the boiling point of tungsten on Mars?", language: en, answerable: false}
"""


@dataclass(frozen=True)
class Place:
    """The installation and what lies in it."""

    settings: StorageSettings
    owner: Engine
    organization_id: uuid.UUID
    documents: Path


@pytest.fixture(scope="module")
def place(settings: StorageSettings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A migrated installation; the process's settings point to it while the module's tests run."""
    name, folder = f"pipeline_{uuid.uuid4().hex[:8]}", tmp_path_factory.mktemp("pipeline")
    (folder / "questions.yaml").write_text(QUESTIONS)
    documents = folder / "documents"
    documents.mkdir()
    for file, content in DOCUMENTS.items():
        (documents / file).write_text(content)
    server = create_engine(embedded_url(settings, "postgres", "postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} OWNER {OWNER_ROLE}"))
        connection.execute(text(f"CREATE DATABASE {name}_dagster OWNER {DAGSTER_ROLE}"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIXEL_HOME", str(folder / "home"))
        patch.setenv("PIXEL_DATABASE_URL", embedded_url(settings, OWNER_ROLE, name).render_as_string())
        patch.setenv("PIXEL_APP_DATABASE_URL", embedded_url(settings, APP_ROLE, name).render_as_string())
        patch.setenv(
            "PIXEL_DAGSTER_DATABASE_URL", embedded_url(settings, DAGSTER_ROLE, f"{name}_dagster").render_as_string()
        )
        patch.setenv("PIXEL_EVAL_QUESTIONS", str(folder / "questions.yaml"))
        patch.setenv("DAGSTER_HOME", str(folder / "home" / "dagster"))
        _forget_settings()
        own = storage_settings()
        migrate(own)
        owner = owner_engine(own)
        organization = make_organization(owner, name="Pipeline")
        create_default_bot(owner, organization.id, knowledge_base="default", slug="assistant")
        yield Place(own, owner, organization.id, documents)
        owner.dispose()
    _forget_settings()
    with server.connect() as connection:
        for database in (name, f"{name}_dagster"):
            connection.execute(text(f"DROP DATABASE {database} WITH (FORCE)"))
    server.dispose()


def _forget_settings() -> None:
    from evals.settings import eval_settings

    for read_once in (storage_settings, orchestration_settings, eval_settings):
        read_once.cache_clear()
